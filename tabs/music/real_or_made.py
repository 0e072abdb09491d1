"""The panel Real or made?: two passages to hear, one of them by Bach, and how often the visitor tells them apart."""

from __future__ import annotations

import secrets
from typing import Any

import gradio as gr

from engines.knobs import MAX_SEED, Knob
from engines.messages import Message
from engines.music.measures import blind
from engines.music.measures.blind import ENOUGH, Pair, interval
from engines.running.workers.pool import MODELS
from tabs.music.actions import MusicActions, told
from tabs.music.roll.view import pressed, roll, shown
from tabs.page.language import language_of, t, translate
from tabs.page.shared import QUICK, Shared

INTRO = (
    "Press **Two passages**: one is by Bach, from a chorale that the model has never seen, the other the bundled model"
    " made just now. Hear both, and say which is Bach's. After 30 answers it is told how sure one can be."
)
SEED = Knob(0, "Seed", low=0, high=MAX_SEED)
MAKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore"}


def build(shared: Shared, actions: MusicActions, switch: gr.Tabs) -> None:
    """Lay the panel out and wire it; `switch` holds all panels of the tab."""
    BlindPanel(shared, actions)


class BlindPanel:
    """The panel's components and the handlers that update them."""

    def __init__(self, shared: Shared, actions: MusicActions) -> None:
        self.actions = actions
        self.pair, self.right, self.answers = gr.State(None), gr.State(0), gr.State(0)
        gr.Markdown(t(INTRO))
        self.next = gr.Button(t("Two passages"), variant="primary", elem_id="music-pair")
        with gr.Row():
            self.rolls, self.buttons = [], []
            for letter in "ab":
                with gr.Column(min_width=320):
                    self.rolls.append(roll(f"music-passage-{letter}", edits=False))
                    words = t("The first is Bach's") if letter == "a" else t("The second is Bach's")
                    self.buttons.append(gr.Button(words, interactive=False, elem_id=f"music-is-{letter}"))
        self.said = gr.Markdown(elem_id="music-blind-said")
        look: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", **MAKING}
        shows = [self.pair, *self.rolls, *self.buttons, self.said]
        doing = Message("The model is making its passage…")
        pressed(self.next, self.rolls, doing, self.show, shared.owner, shows, **look)
        tally = [self.pair, self.right, self.answers]
        for place, button in enumerate(self.buttons):
            button.click(self._answer(place == 0), tally, [*tally, *self.buttons, self.said], **QUICK)
        gr.api(self.music_pair, api_name="music_pair", **MAKING)

    def _pair(self, seed: int) -> Pair:
        return self.actions.computer.call(MODELS, blind.pair, None, None, seed)

    def show(self, owner: str, request: gr.Request) -> list[Any]:
        """Two passages that the visitor has not heard."""
        with self.actions.gate.computing(request, owner):
            pair = self._pair(secrets.randbelow(MAX_SEED))
            passages = (pair.bach, pair.made) if pair.first else (pair.made, pair.bach)
            rolls = [shown(one, Message("By Bach, or made?")) for one in passages]
            return [(pair.first, pair.bwv), *rolls, *[gr.update(interactive=True)] * 2, ""]

    @staticmethod
    def _answer(first: bool) -> Any:
        def answer(pair: tuple[bool, str], right: int, answers: int, request: gr.Request) -> list[Any]:
            right, answers = right + (pair[0] is first), answers + 1
            said = judged(pair[0] is first, pair[1], right, answers)
            off = gr.update(interactive=False)
            return [None, right, answers, off, off, translate(said, language_of(request))]

        return answer

    def music_pair(self, seed: int = 0, request: gr.Request = None) -> dict[str, Any]:
        """Two passages for a blind test: {"a", "b": pieces as music_fill has them, "bach": "a" or "b", "bwv"}."""
        with self.actions.gate.computing(request):
            pair = self._pair(int(SEED.check(seed)))
            one, other = (pair.bach, pair.made) if pair.first else (pair.made, pair.bach)
            return {"a": told(one), "b": told(other), "bach": "a" if pair.first else "b", "bwv": pair.bwv}


def judged(right_now: bool, bwv: str, right: int, answers: int) -> Message:
    """What is told after an answer."""
    what = Message("Right: it is the beginning of BWV {bwv}.", bwv=bwv)
    if not right_now:
        what = Message("No: the other one is Bach's, the beginning of BWV {bwv}.", bwv=bwv)
    low, high = (f"{100 * share:.0f}" for share in interval(right, answers))
    if answers < ENOUGH:
        return Message("{what} {right} of {answers} right so far.", what=what, right=right, answers=answers)
    return Message(
        "{what} {right} of {answers} right: your true share lies between {low} and {high} % with 95 % confidence;"
        " 50 % is chance.",
        what=what, right=right, answers=answers, low=low, high=high,
    )  # fmt: skip
