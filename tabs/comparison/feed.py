"""What the comparison asks, as a route beside Gradio; see tabs/page/live/feed.py, which does the same for one run.

`GET comparison/<run>,<run>…?since=<cursor>` answers at once: 200 with the news of all of them as gzipped JSON, 204 if
there are none, 404 unless they are one to four. Whoever knows a run's id may watch it.
"""

from __future__ import annotations

from collections import OrderedDict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engines.running.comparison.entries import MOST
from engines.running.runs import Runs
from tabs.comparison.told import Chosen, Together, versions
from tabs.page.live.feed import AGAIN, PACE, QUIET_PACE, UNKEPT, Feed, Timetable, as_json, let_in
from tabs.page.shared import find_run

REMEMBERED = 60  # comparisons that were asked for lately
WORKING = ("running", "pausing", "stopping")


class Comparing(Feed):
    """What several runs have to tell together."""

    def __init__(self, runs: Runs) -> None:
        super().__init__()
        self._runs = runs

    def version(self, run: Chosen) -> str:
        """See Feed."""
        return versions(run)

    def snapshot(self, run: Chosen) -> Together:
        """See Feed."""
        return Together(self._runs, run)


def comparison_routes(runs: Runs) -> list[Route]:
    """The route, for the app that Gradio makes."""
    feeds: OrderedDict[tuple[str, ...], Comparing] = OrderedDict()
    timetable = Timetable()

    async def look(request: Request) -> Response:
        if not await let_in(request):
            return Response(status_code=401, headers=UNKEPT)
        ids = tuple(request.path_params["runs"].split(","))
        if not 1 <= len(ids) <= MOST:
            return Response(status_code=404, headers=UNKEPT)
        chosen = [find_run(runs, one) for one in ids]
        feed = feeds.setdefault(ids, Comparing(runs))
        feeds.move_to_end(ids)
        if len(feeds) > REMEMBERED:
            feeds.popitem(last=False)
        news = feed.since(request.query_params.get("since", ""), chosen)
        pace = PACE if any(run and run.board.state in WORKING for run in chosen) else QUIET_PACE
        headers = {**UNKEPT, AGAIN: str(round(1000 * timetable.wait(pace)))}
        if news is None:
            return Response(status_code=204, headers=headers)
        return as_json(news, request, headers)

    return [Route("/comparison/{runs}", look)]
