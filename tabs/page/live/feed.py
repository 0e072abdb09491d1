"""What the live views ask, as plain routes beside Gradio: news are encoded once a version, whoever watches.

`GET live/<run>?since=<cursor>` answers at once: 200 with the news as gzipped JSON, 204 if there are none, 410 if
there is no such run. A cursor stands for what a page was told last; one that is not known (any more), from before a
restart or made up, counts as having nothing. `GET live/<run>/<step>` is one grid of the history,
`GET live/<run>/planes` the history of a run on points, and `GET live/<run>/written` that of a language model's texts.
Whoever knows a run's id may watch it, behind Gradio's login where there is one.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from hashlib import blake2b
from inspect import isawaitable
from typing import Any
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engines.messages import EngineError
from engines.running.board import Board
from engines.running.runs import Run, Runs
from engines.running.shown import planes, writings
from tabs.page.live.news import NOTHING, Seen, Snapshot

FRESH = 0.2  # seconds for which a snapshot counts as new, however often the board changes
REMEMBERED = 100  # snapshots; a page that fell further behind gets everything
MOST_ANSWERS = 400  # a second, to all who watch: so many cost an eighth of a core
PACE, QUIET_PACE, SLOWEST = 0.45, 1.5, 5.0  # seconds between two looks at a run that computes, at another, at most
AGAIN = "Look-Again"  # the header that tells in how many milliseconds to ask again
Handler = Callable[[Request], Awaitable[Response]]
UNKEPT = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}


class Feed:
    """What one run has to tell. For one event loop: it needs no lock.

    One of several runs, see tabs/comparison, says anew what `version` and `snapshot` are.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._line = secrets.token_hex(4)  # no cursor of another process or run fits this one
        self._snapshot: Any = None
        self._taken = 0.0
        self._cursor = ""
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._answers: dict[str, bytes] = {}  # cursor -> what is new since
        self.encoded = 0  # answers so far

    def version(self, run: Any) -> Any:
        """Another one whenever there is something new."""
        return run.board.version

    def snapshot(self, run: Any) -> Any:
        """What there is to tell now."""
        return Snapshot(run)

    def since(self, cursor: str, run: Any) -> bytes | None:
        """Gzipped JSON of what a page at `cursor` lacks, None if it lacks nothing; `run` is the same each time."""
        self._look(run)
        if cursor == self._cursor:
            return None
        if cursor not in self._seen:
            cursor = ""
        if cursor not in self._answers:
            news = {**self._snapshot.news(self._seen.get(cursor, NOTHING)), "cursor": self._cursor}
            self._answers[cursor] = gzip.compress(json.dumps(news).encode(), 1, mtime=0)
            self.encoded += 1
        return self._answers[cursor]

    def _look(self, run: Run) -> None:
        """Take a new snapshot if there is something new and the last one is old enough."""
        now = self._clock()
        if self._snapshot and (self.version(run) == self._snapshot.version or now - self._taken < FRESH):
            return
        self._snapshot, self._taken, self._answers = self.snapshot(run), now, {}
        self._cursor = f"{self._line}.{self._snapshot.version}"
        self._seen[self._cursor] = self._snapshot.seen
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


class Timetable:
    """Tells each page when to look again: at its own pace, or when very many watch, later, so that all have a turn.

    It is a leaky bucket: an answer fills it by a MOST_ANSWERSth of a second, and who asks waits until it is empty.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._empty_at = 0.0

    def wait(self, pace: float) -> float:
        """Seconds from now, `pace` at least and SLOWEST at most."""
        now = self._clock()
        self._empty_at = min(max(self._empty_at, now) + 1 / MOST_ANSWERS, now + SLOWEST)
        return max(pace, self._empty_at - now)


def live_routes(runs: Runs) -> list[Route]:
    """The routes, for the app that Gradio makes."""
    feeds: WeakKeyDictionary[Run, Feed] = WeakKeyDictionary()
    timetable = Timetable()

    async def look(request: Request) -> Response:
        if not await let_in(request):
            return Response(status_code=401, headers=UNKEPT)
        try:
            run = runs.get(request.path_params["run"])
        except EngineError:
            return Response(status_code=410, headers=UNKEPT)
        feed = feeds.get(run) or feeds.setdefault(run, Feed())
        news = feed.since(request.query_params.get("since", ""), run)
        pace = PACE if run.board.state in ("running", "pausing", "stopping") else QUIET_PACE
        headers = {**UNKEPT, AGAIN: str(round(1000 * timetable.wait(pace)))}
        if news is None:
            return Response(status_code=204, headers=headers)
        return as_json(news, request, headers)

    async def grid(request: Request) -> Response:
        if not await let_in(request):
            return Response(status_code=401, headers=UNKEPT)
        try:
            frame = runs.get(request.path_params["run"]).board.frame_at(int(request.path_params["step"]))
        except (EngineError, ValueError):
            frame = None
        if frame is None:
            return Response(status_code=410, headers=UNKEPT)
        picture = frame.picture
        tag = f'"{blake2b(picture.data, digest_size=12).hexdigest()}"'  # of one step, since a run may go back
        headers = {"Cache-Control": "private, no-cache", "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(picture.data, headers=headers, media_type=picture.mime)

    def history(find: Callable[[Board], Iterable[Any]], pack: Callable[[Any], dict[str, Any]]) -> Handler:
        async def answer(request: Request) -> Response:
            if not await let_in(request):
                return Response(status_code=401, headers=UNKEPT)
            try:
                events = find(runs.get(request.path_params["run"]).board)
            except EngineError:
                return Response(status_code=410, headers=UNKEPT)
            packed = await asyncio.to_thread(_zipped, events, pack)  # of a megabyte: other pages are not to wait
            return as_json(packed, request, dict(UNKEPT))

        return answer

    return [
        Route("/live/{run}", look),
        Route("/live/{run}/planes", history(lambda board: board.planes.history(), planes.pack)),
        Route("/live/{run}/written", history(lambda board: board.writings.history(), writings.pack)),
        Route("/live/{run}/{step}", grid),
    ]


def _zipped(events: Iterable[Any], pack: Callable[[Any], dict[str, Any]]) -> bytes:
    return gzip.compress(json.dumps([pack(event) for event in events]).encode(), 1, mtime=0)


def as_json(zipped: bytes, request: Request, headers: dict[str, str]) -> Response:
    """Gzipped JSON as it is, to who can read that."""
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        zipped = gzip.decompress(zipped)
    return Response(zipped, headers=headers, media_type="application/json")


async def let_in(request: Request) -> bool:
    """Whether the visitor may come in, by the rule of Gradio's own routes (login_check in gradio/routes.py)."""
    app = request.app
    if app.auth_dependency is not None:
        user = app.auth_dependency(request)
        return (await user if isawaitable(user) else user) is not None
    if app.auth is None:
        return True
    cookies = (request.cookies.get(f"access-token{kind}-{app.cookie_id}") for kind in ("", "-unsecure"))
    return any(cookie in app.tokens for cookie in cookies if cookie)
