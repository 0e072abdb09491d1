"""The card Real or made?: two things, one of them real, how often a visitor tells which, and all who vote with them.

The votes on a run add up whoever gives them, also from a watch link; those on a bundled model in the visitor's room.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from engines.knobs import MAX_SEED, Knob
from engines.messages import Message
from engines.running.runs import Runs
from engines.running.votes.pair import Pair
from engines.running.votes.tally import Tally, interval
from tabs.page.gate import Gate
from tabs.page.language import t
from tabs.page.markup import Say, panel, paragraph, speaker
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, after, find_run

NAME = "Real or made?"
ASKED, REAL, MADE = Message("Real, or made?"), Message("The real one"), Message("Made by the model")
MAKES = Message("The model is making its part…")
SEED = Knob(0, "Seed", low=0, high=MAX_SEED)
MAKING: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "explore"}
IN_TURN: dict[str, Any] = {
    **QUICK,
    "concurrency_limit": 1,
    "concurrency_id": "votes",
}  # each question is answered once
# A button that was pressed and can't be pressed again loses the focus; it goes to the one that asks anew.
FOCUS = """() => requestAnimationFrame(() => {
  const at = document.activeElement;
  if (!at || at === document.body || at.disabled) document.getElementById("ID")?.focus();
})"""


@dataclass(frozen=True)
class Kind:
    """What one card shows."""

    prefix: str  # of its components' ids
    intro: Message
    next: Message  # on the button that asks for two
    first: Message  # on those that answer
    second: Message
    place: Callable[[str], gr.HTML]  # makes the component of one of the two, of this id
    show: Callable[[Any, Message, Say], str]  # the component's value: what is shown, with a sentence about it
    tell: Callable[[Any], Any]  # the same for a script
    draw: Callable[[str, int], Pair]  # of a run, "" for the bundled model, and a seed


class BlindCard:
    """The card's components and the handlers that update them."""

    def __init__(self, kind: Kind, runs: Runs, gate: Gate) -> None:
        self.kind, self.runs, self.gate = kind, runs, gate
        self.asked, self.mine = gr.State(None), gr.State(Tally())  # the pair with its run; the visitor's answers
        gr.Markdown(t(kind.intro))
        self.next = gr.Button(t(kind.next), variant="primary", elem_id=f"{kind.prefix}-pair")
        self.said = panel(f"{kind.prefix}-blind-said")  # above both, so that one sees it on a phone too
        self.all = panel(f"{kind.prefix}-blind-all")
        with gr.Row():
            self.sides, self.buttons = [], []
            for letter, words in (("a", kind.first), ("b", kind.second)):
                with gr.Column(min_width=300):
                    self.sides.append(kind.place(f"{kind.prefix}-passage-{letter}"))
                    name = f"{kind.prefix}-is-{letter}"
                    self.buttons.append(gr.Button(t(words), interactive=False, elem_id=name))

    def wire(
        self,
        owner: gr.BrowserState,
        place: gr.Tab,
        shown: Sequence[gr.components.Component] = (),
        run_of: Callable[..., str] = lambda: "",
    ) -> None:
        """Connect events to handlers; `run_of` the values of `shown` is the run asked, "" the bundled model."""
        self.run_of = run_of
        look: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", **MAKING}
        fresh = [self.asked, *self.sides, *self.buttons, self.said, self.all]
        begun = self.next.click(self.tell_begun, None, self.said, **QUICK)
        ended = begun.then(self.show, [owner, *shown], fresh, **look)
        ended.failure(lambda: "", None, self.said, **QUICK)
        for place_of, button in enumerate(self.buttons):
            answered = button.click(
                self._answer(place_of == 0), [owner, self.asked, self.mine], [self.mine, *fresh], **IN_TURN
            )
            answered.then(None, js=FOCUS.replace("ID", f"{self.kind.prefix}-pair"))
        place.select(self.look, [owner, *shown], self.all, **QUICK)
        if shown:
            changed = after(*(one.change for one in shown))
            changed.then(self.begin_anew, [owner, *shown], [self.mine, *fresh], **FOLLOW)

    def add_endpoint(self) -> None:
        """What a script can ask for."""

        def pair(run: str = "", seed: int = 0, request: gr.Request = None) -> dict[str, Any]:
            """Two things for a blind test, one real and one by a run's model, "" for the bundled one if there is one.

            Returns {"a", "b": what is shown, "real": "a" or "b", "source": what the real one is, "votes": how many of
            all who answered on the page were right, with the 95 % interval}.
            """
            with self.gate.computing(request):
                found = self.kind.draw(run, int(SEED.check(seed)))
                one, other = map(self.kind.tell, found.shown)
                known = find_run(self.runs, run)
                votes = self.runs.votes.of(known) if known else Tally()
                told = {**vars(votes), "between": interval(votes.right, votes.answers)}
                return {"a": one, "b": other, "real": "a" if found.first else "b", "source": str(found.source),
                        "votes": told}  # fmt: skip

        pair.__name__ = f"{self.kind.prefix}_pair"
        gr.api(pair, api_name=pair.__name__, **MAKING)

    # --- handlers ----------------------------------------------------------------------------------------

    def tell_begun(self, request: gr.Request) -> str:
        """What goes on until there are two."""
        return paragraph(speaker(request)(MAKES))

    def show(self, owner: str, request: gr.Request, *shown: Any) -> list[Any]:
        """Two that the visitor has not seen."""
        with self.gate.computing(request, owner):
            run, say = self.run_of(*shown), speaker(request)
            pair = self.kind.draw(run, secrets.randbelow(MAX_SEED))
            sides = [self.kind.show(one, ASKED, say) for one in pair.shown]
            can = gr.update(interactive=True)
            return [(pair, run), *sides, can, can, "", self._standing(owner, run, say)]

    def _answer(self, first: bool) -> Callable[..., list[Any]]:
        def answer(owner: str, asked: tuple[Pair, str] | None, mine: Tally, request: gr.Request) -> list[Any]:
            if asked is None:  # answered by another press just before
                return [gr.skip()] * (3 + len(self.sides) + len(self.buttons) + 1)
            with polite(request):
                (pair, run), say = asked, speaker(request)
                right = pair.first is first
                mine = mine.plus(right)
                self._count(owner, run, right)
                who = (REAL, MADE) if pair.first else (MADE, REAL)
                sides = [self.kind.show(one, about, say) for one, about in zip(pair.shown, who, strict=True)]
                off = gr.update(interactive=False)
                return [mine, None, *sides, off, off, judged(right, pair, mine, say), self._standing(owner, run, say)]

        return answer

    def look(self, owner: str, request: gr.Request, *shown: Any) -> str:
        """How all have voted so far."""
        return self._standing(owner, self.run_of(*shown), speaker(request))

    def begin_anew(self, owner: str, request: gr.Request, *shown: Any) -> list[Any]:
        """Another run or model: nothing is asked yet."""
        off = gr.update(interactive=False)
        return [Tally(), None, "", "", off, off, "", self.look(owner, request, *shown)]

    # --- the votes ---------------------------------------------------------------------------------------

    def _count(self, owner: str, run_id: str, right: bool) -> None:
        run = find_run(self.runs, run_id)
        if run:
            self.runs.votes.add(run, right)
        elif not run_id:
            self.runs.rooms.vote(owner, self.kind.prefix, right)

    def _standing(self, owner: str, run_id: str, say: Say) -> str:
        """How all have voted: those who watch the run, or those in the visitor's room."""
        if not run_id:
            tally = self.runs.rooms.votes(owner, self.kind.prefix) or Tally()
            told = Message("All votes of your room: {votes}", votes=tally.told())
        else:
            run = find_run(self.runs, run_id)
            tally = self.runs.votes.of(run) if run else Tally()
            told = Message("All votes on this run: {votes}", votes=tally.told())
        return paragraph(say(told)) if tally.answers else ""


def judged(right: bool, pair: Pair, mine: Tally, say: Say) -> str:
    """What is told after an answer, also to those who do not see it."""
    verdict = say(Message("Right.")) if right else say(Message("No, it is the other one."))
    told = say(Message("You: {votes}", votes=mine.told()))
    return f'<div role="status">{paragraph(f"<b>{verdict}</b> {say(pair.source)}")}{paragraph(told)}</div>'
