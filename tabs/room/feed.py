"""What a room's board asks, as routes beside Gradio; see tabs/page/live/feed.py, which does the same for one run.

`GET room/<code>?since=<cursor>` answers at once: 200 with the whole board as gzipped JSON, encoded once a version,
204 if nothing is new, 410 if there is no such room. `GET room/<code>/<run>/<step>` is a tile's latest small picture.
Whoever knows a room's code may see its board; what was made of uploads that are not shown is not on it.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engines.data.grids import Picture
from engines.messages import EngineError
from engines.running.room.rooms import Room
from engines.running.room.tiles import Tile, data_words, line_of, shown_step, thumb, tiles
from engines.running.runs import Run, Runs
from tabs.page.live.feed import AGAIN, QUIET_PACE, UNKEPT, Feed, Timetable, as_json, let_in
from tabs.page.live.news import NOTHING, Seen, to_json
from tabs.page.markup import clip
from tabs.page.shared import find_run

MOST_PICTURES = 400  # small ones that are remembered
LONGEST = 60  # characters of a line on a tile


class Board:
    """A room at one moment, so that all who look are told the same; as a Snapshot of a run."""

    def __init__(self, runs: Runs, room: Room) -> None:
        self.version = version(runs, room)
        found = tiles(runs, room)
        visible = {tile.run.id for tile in found if not tile.hidden}
        self._told = {
            "code": room.code,
            "frozen": room.frozen,
            "people": [member.name for member in room.present.values()],
            "shown": room.shown if room.shown in visible else "",
            "tiles": [describe(runs, tile) for tile in found],
        }

    @property
    def seen(self) -> Seen:
        """What a page has that was told this: all of it, or nothing."""
        return NOTHING

    def news(self, had: Seen = NOTHING) -> dict[str, Any]:
        """The whole board; it is small."""
        return self._told


def version(runs: Runs, room: Room) -> str:
    """Another one whenever the room or one of its runs has something new."""
    told = [str(room.version), *(f"{run.id}-{run.board.version}" for run in runs.marked(room.present))]
    return blake2b(".".join(told).encode(), digest_size=8).hexdigest()


def describe(runs: Runs, tile: Tile) -> dict[str, Any]:
    """A tile ready for JSON; of a hidden one neither what it made nor the id by which one could look."""
    run, board, score = tile.run, tile.run.board, tile.score
    progress = board.progress
    open_ = not tile.hidden
    return {
        "run": run.id if open_ else "",
        "name": tile.name,
        "title": runs.title(run.engine),
        "data": data_words(run),
        "state": board.state,
        "step": progress.step if progress else 0,
        "total": progress.total if progress else 0,
        "seconds": round(run.computed_seconds, 1),
        "score": score and {"column": score.column, "value": score.value, "percent": score.percent},
        "error": to_json(board.error),
        "picture": shown_step(board) if open_ else None,
        "grid": board.planes.newest is None,
        "line": clip(line_of(board), LONGEST) if open_ else "",
        "fork": run.origin.step if run.origin else None,
        "hidden": tile.hidden,
    }


class Watching(Feed):
    """What a room has to tell."""

    def __init__(self, runs: Runs) -> None:
        super().__init__()
        self._runs = runs

    def version(self, run: Room) -> str:
        """See Feed."""
        return version(self._runs, run)

    def snapshot(self, run: Room) -> Board:
        """See Feed."""
        return Board(self._runs, run)


def room_routes(runs: Runs) -> list[Route]:
    """The routes, for the app that Gradio makes."""
    feeds: OrderedDict[str, Watching] = OrderedDict()
    pictures: OrderedDict[tuple[str, int], Picture] = OrderedDict()
    timetable = Timetable()

    def find(request: Request) -> Room | None:
        try:
            return runs.rooms.get(request.path_params["code"])
        except EngineError:
            return None

    async def look(request: Request) -> Response:
        if not await let_in(request):
            return Response(status_code=401, headers=UNKEPT)
        headers = {**UNKEPT, AGAIN: str(round(1000 * timetable.wait(QUIET_PACE)))}
        room = find(request)
        if room is None:
            return Response(status_code=410, headers=headers)
        feed = feeds.setdefault(room.code, Watching(runs))
        feeds.move_to_end(room.code)
        while len(feeds) > MOST_PICTURES:
            feeds.popitem(last=False)
        news = feed.since(request.query_params.get("since", ""), room)
        return Response(status_code=204, headers=headers) if news is None else as_json(news, request, headers)

    async def picture(request: Request) -> Response:
        if not await let_in(request):
            return Response(status_code=401, headers=UNKEPT)
        room, run = find(request), find_run(runs, request.path_params["run"])
        step = shown_step(run.board) if room and run and may_see(runs, room, run) else None
        if step is None:
            return Response(status_code=410, headers=UNKEPT)
        if (run.id, step) not in pictures:
            made = await run_in_threadpool(thumb, run.board)
            if made is None:
                return Response(status_code=410, headers=UNKEPT)
            pictures[run.id, step] = made
            while len(pictures) > MOST_PICTURES:
                pictures.popitem(last=False)
        found = pictures[run.id, step]
        return Response(found.data, headers={"Cache-Control": "private, max-age=600"}, media_type=found.mime)

    return [Route("/room/{code}", look), Route("/room/{code}/{run}/{step}", picture)]


def may_see(runs: Runs, room: Room, run: Run) -> bool:
    """Whether a run is on the room's board, and what it made is shown."""
    return any(tile.run is run and not tile.hidden for tile in tiles(runs, room))
