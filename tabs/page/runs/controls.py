"""Start, Pause, Resume, Stop and Copy watch link: the buttons of a tab whose runs are watched live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from engines.running.runs import Runs
from tabs.page.language import language_of, t, translate
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, after, find_run

COPY_LINK = """async (run) => {
  const link = new URL(location.pathname, location.href);
  link.searchParams.set("run", run);
  const chosen = window.aigcLanguage?.chosen;
  if (chosen) link.searchParams.set("lang", chosen);
  try { await navigator.clipboard.writeText(link.href); } catch { window.prompt("", link.href); }
}"""


# The run, and when it was handed over: so the same one is something new the next time.
HAND_OVER = "(run) => `${run} ${Date.now()}`"


class RunControls:
    """The buttons of one tab; make it where they belong. The tab connects `start` itself."""

    def __init__(self, runs: Runs, engine: str, prefix: str, compared: gr.Textbox | None = None) -> None:
        """`compared` takes the run that is to be compared, if the page has a place for that."""
        self.runs, self.engine, self.compared = runs, engine, compared
        self.ids = {name: f"{prefix}-{name}" for name in ("start", "stop", "pause", "resume")}
        look: dict[str, Any] = {"min_width": 84, "scale": 1, "size": "md"}
        off: dict[str, Any] = {**look, "interactive": False}
        with gr.Row(elem_classes="controls"):
            self.start = gr.Button(t("Start"), variant="primary", elem_id=self.ids["start"], **look)
            self.pause = gr.Button(t("Pause"), elem_id=self.ids["pause"], **off)
            self.resume = gr.Button(t("Resume"), elem_id=self.ids["resume"], visible=False, **look)
            self.stop = gr.Button(t("Stop"), elem_id=self.ids["stop"], **off)
            self.link = gr.Button(t("Copy watch link"), elem_id=f"{prefix}-link", **{**off, "min_width": 140})
            self.compare = gr.Button(t("Compare"), elem_id=f"{prefix}-compare", visible=compared is not None, **look)

    def wire(self, live: gr.HTML, owner: gr.BrowserState) -> None:
        """Let the buttons follow the run in the live view `live`, and act on it."""
        buttons = [self.start, self.pause, self.resume, self.stop, self.link]
        after(live.tick).then(self.show, [live, owner], buttons, **FOLLOW)
        for action in ("pause", "resume", "stop"):
            getattr(self, action).click(self._control(action), [live, owner], buttons, **QUICK)
        if self.compared:
            self.compare.click(None, live, self.compared, js=HAND_OVER)
        self.link.click(None, live, js=COPY_LINK).then(self.say_copied, **QUICK)

    def _control(self, action: str) -> Callable[..., list[Any]]:
        def act(run_id: str, owner: str, request: gr.Request) -> list[Any]:
            with polite(request):
                self.runs.control(run_id, owner, action)
            return self.show(run_id, owner)

        return act

    def show(self, run_id: str, owner: str) -> list[Any]:
        """Which buttons can be used now."""
        mine = self.runs.latest(owner, self.engine)
        busy = mine is not None and not mine.board.ended
        run = find_run(self.runs, run_id)
        state = run.board.state if run and run.owned_by(owner) else ""
        can_go_on = bool(state) and run.resumable
        paused = state in ("pausing", "paused") or can_go_on
        return [
            gr.update(interactive=not busy),
            gr.update(interactive=state == "running", visible=not paused),
            gr.update(visible=paused, value=t("Continue training" if can_go_on else "Resume")),
            gr.update(interactive=state in ("queued", "running", "pausing", "paused")),
            gr.update(interactive=run is not None and bool(run.owner)),
        ]

    @staticmethod
    def say_copied(request: gr.Request) -> None:
        """Tell that the link is in the clipboard."""
        sentence = "The link is copied: whoever opens it can watch this run, and only watch."
        gr.Info(translate(sentence, language_of(request)), duration=5)
