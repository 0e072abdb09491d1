"""The score of a tune, and its player; abcjs, which draws it, comes from this server when a score is first shown."""

from __future__ import annotations

import json
from pathlib import Path

import gradio as gr
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from engines.data.cards import ASSETS
from engines.messages import Message
from engines.music.score.abc import Tune, page_of
from engines.music.score.playing import played
from tabs.page.component import component
from tabs.page.live.feed import let_in

HERE = Path(__file__).parent
ABCJS = ASSETS / "abcjs" / "abcjs-basic-min.js"
SCRIPTS = [HERE / "sound.js"]


def score_view(elem_id: str, controls: dict[str, str]) -> gr.HTML:
    """A component whose value is `sheet`, or empty; `controls` gives the element id of the button "start"."""
    return component(elem_id, HERE / "view", value="", before=SCRIPTS, controls=controls)


def sheet(tune: Tune, about: Message | None = None) -> str:
    """What the view draws and plays: ABC of what was understood of a tune, and its notes with their places in it."""
    page, places = page_of(tune)
    notes = [[note.pitch, float(note.start), float(note.length), places[number]] for number, note in played(tune)]
    told = about and about.to_json()
    return json.dumps({"abc": page, "notes": notes, "tempo": tune.tempo, "about": told}, ensure_ascii=False)


def score_routes() -> list[Route]:
    """Where the page gets abcjs."""

    async def abcjs(request: Request) -> Response:
        if not await let_in(request):
            return Response(status_code=401)
        headers = {"Cache-Control": "private, max-age=86400"}
        return FileResponse(ABCJS, media_type="text/javascript", headers=headers)

    return [Route("/abcjs.js", abcjs)]
