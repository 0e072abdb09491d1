"""Serves four places of Gradio's own scripts mended: they made a page of 1,600 components wait for seconds.

From the address to Start it took 6.3 s on two cores, and takes 2.0 s so. A version of Gradio in which a place reads
otherwise is served as it is. Each mend does what the place did, only sooner; none is of use any more once Gradio does
the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradio.routes import BUILD_PATH_LIB
from starlette.responses import Response

from tabs.page.opening.mend import Mend, mended

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


MENDS = (
    # Which events each component has: all handlers were gone through again for each component.
    Mend(
        "core",
        "find_attached_events(e,t){let n=t.filter(t=>t.targets.find(([t])=>t===e.id))"
        ".map(t=>{let n=t.targets.find(([t])=>t===e.id);return n?n[1]:null}).filter(Boolean);",
        "find_attached_events(e,t){if(this.attached_of!==t){this.attached_of=t;this.attached=new Map;"
        "for(const{targets:r}of t)for(const[i,a]of new Map([...r].reverse()))"
        "a&&(this.attached.get(i)??this.attached.set(i,[]).get(i)).push(a)}let n=this.attached.get(e.id)??[];",
    ),
    # Arguments of an event, as of a key's modifiers: the component was sought in the whole tree if there are none too.
    Mend(
        "Blocks",
        "async set_event_args(e,t){let n={},",
        "async set_event_args(e,t){if(Object.keys(t).length===0)return()=>{};let n={},",
    ),
    # The tree is built before the page is shown; what builds it anew when a developer's file changes did so at once.
    Mend("Blocks", "le(()=>{v(),oe(()=>{O.reload(", "le(()=>{v()&&oe(()=>{O.reload("),
    # Who waits for what: each press told all components that ever waited, whether or not they knew.
    Mend(
        "Blocks",
        "await Promise.all(Object.entries(this.loading_stati.current)"
        ".map(([e,t])=>this.update_state_cb(Number(e),{loading_status:t},!1)))",
        "const told=this.told??=new Map;await Promise.all(Object.entries(this.loading_stati.current)"
        ".filter(([e,t])=>told.get(e)!==(t=JSON.stringify(t))&&told.set(e,t))"
        ".map(([e,t])=>this.update_state_cb(Number(e),{loading_status:t},!1)))",
    ),
)


def mended_scripts(folder: Path, mends: tuple[Mend, ...] = MENDS) -> dict[str, str]:
    """File name -> its text, of each script in `folder` in which every mend that names it fits exactly once."""
    texts: dict[str, str] = {}
    for name in {mend.file for mend in mends}:
        own = [mend for mend in mends if mend.file == name]
        for path in folder.glob(f"{name}-*.js"):
            if text := mended(path.read_text("utf-8"), own):
                texts[path.name] = text
    return texts


class QuickerScripts:
    """ASGI middleware: answers for the mended scripts; all else goes through as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.scripts = app, mended_scripts(Path(BUILD_PATH_LIB))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        folder, _, name = scope.get("path", "").rpartition("/")
        script = self.scripts.get(name) if scope["type"] == "http" and folder.endswith("/assets") else None
        answer = self.app if script is None else Response(script, media_type="application/javascript")
        await answer(scope, receive, send)
