"""Fork: go on from a kept point of a run with other settings; and the family tree of a run. The same in every tab."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import gradio as gr

from engines.knobs import Knob
from engines.messages import Message
from engines.running.comparison.entries import MOST as COMPARED
from engines.running.forks.points import points_of
from engines.running.forks.tree import Node, family
from engines.running.runs import Run
from tabs.page.forms import ChoiceList, Form
from tabs.page.language import language_of, t, translate
from tabs.page.markup import Say, panel, paragraph, speaker
from tabs.page.polite import polite
from tabs.page.runs.actions import NEWEST, RunActions
from tabs.page.runs.controls import HAND_OVER
from tabs.page.settings.recipes import RecipePicker
from tabs.page.shared import FOLLOW, QUICK, after, find_run

INTRO = (
    "Go on from an earlier point of the run above with other settings: set them in the form, choose the point, press"
    " the button. The fork is a run of its own; the one above stays as it is. Data and network stay the same."
)
ALLOWED = (
    "Whoever has the watch link may then go on from its points, and with them from what it learns from, your own"
    " uploads too."
)
STEPS = "Steps from there on"
MORE = Knob(1000, STEPS, low=10, high=200_000)


class ForkPanel:
    """The panel; make it inside a gr.Tab, `place`, of a tab whose runs can be forked."""

    def __init__(self, actions: RunActions, prefix: str, place: gr.Tab, compared: gr.Textbox | None = None) -> None:
        self.actions, self.runs, self.place, self.compared = actions, actions.runs, place, compared
        gr.Markdown(t(INTRO))
        with gr.Row(equal_height=True):
            with gr.Column(scale=3, min_width=200):
                self.point = ChoiceList(
                    [(t("the newest"), NEWEST)],
                    value=NEWEST,
                    label=t("From which point"),
                    elem_id=f"{prefix}-fork-point",
                )
            with gr.Column(scale=3, min_width=200):
                self.more = gr.Number(
                    MORE.default,
                    label=t(STEPS),
                    precision=0,
                    minimum=MORE.low,
                    maximum=MORE.high,
                    elem_id=f"{prefix}-fork-steps",
                )
            with gr.Column(scale=3, min_width=200):
                self.settings = gr.Button(t("Put its settings into the form"), elem_id=f"{prefix}-fork-settings")
                self.fork = gr.Button(
                    t("Go on from here"), variant="primary", interactive=False, elem_id=f"{prefix}-fork"
                )
        self.allowed = gr.Checkbox(
            label=t("Others may fork this run"), info=t(ALLOWED), visible=False, elem_id=f"{prefix}-fork-allowed"
        )
        self.tree = panel(f"{prefix}-fork-tree")
        self.relatives = gr.Textbox(visible=False)  # ids with commas, the run itself first
        self.compare = gr.Button(t("Compare it with its family"), visible=False, elem_id=f"{prefix}-fork-compare")

    def wire(
        self,
        live: gr.HTML,
        owner: gr.BrowserState,
        form: Form,
        recipes: RecipePicker,
        fill: Callable[[Mapping[str, Any]], list[Any]],
    ) -> None:
        """Let the panel follow the run in `live`; `fill` gives the form's updates for some settings."""
        shown = [self.point, self.fork, self.allowed, self.tree, self.relatives, self.compare]
        after(live.tick, self.place.select).then(self.show, [live, owner, self.point], shown, **FOLLOW)
        after(live.change).then(self.suggest, live, self.more, **QUICK)
        self.form = form
        begun = self.fork.click(self.begin, [live, owner, self.point, self.more, *form.widgets], live, **QUICK)
        begun.success(self.show, [live, owner, self.point], shown, **QUICK)

        def put(run_id: str) -> list[Any]:
            run = find_run(self.runs, run_id)
            if run is None:
                return [gr.skip()] * (1 + len(form.widgets))
            values = run.config.to_dict()
            return [recipes.show(values, form), *fill(values)]

        self.settings.click(put, live, [recipes.list, *form.widgets], **QUICK)
        self.allowed.input(self.allow, [live, owner, self.allowed], self.allowed, **QUICK)
        if self.compared:
            self.compare.click(None, self.relatives, self.compared, js=HAND_OVER)

    # --- handlers -----------------------------------------------------------------------------------------------

    def begin(self, run_id: str, owner: str, point: Any, more: Any, request: gr.Request, *values: Any) -> str:
        """Fork the run with what the form says; the live view then follows the fork."""
        with polite(request):
            step, more = self.actions.step_of(run_id, point), MORE.check(more)
            settings = {**self.form.read(values).to_dict(), "steps": step + more}
            return self.actions.begin_fork(run_id, step, settings, owner, request).id

    def allow(self, run_id: str, owner: str, allowed: bool, request: gr.Request) -> bool:
        """Let others fork the run, or not any more."""
        with polite(request):
            self.runs.control(run_id, owner, "allow_forks" if allowed else "forbid_forks")
            return allowed

    def list_points(self, run_id: str, chosen: Any, request: gr.Request) -> dict[str, Any]:
        """The points that are kept now; the newest, whichever that is, is chosen unless another one is."""
        run, language = find_run(self.runs, run_id), language_of(request)
        steps = [point.step for point in points_of(run.folder)] if run else []
        words = [(translate(Message("step {step}", step=f"{step:,}"), language), step) for step in steps[::-1]]
        newest = translate(Message("the newest"), language), NEWEST
        return gr.update(choices=[newest, *words], value=chosen if chosen in steps else NEWEST)

    def suggest(self, run_id: str) -> Any:
        """Half as many steps again as the run was to have."""
        run = find_run(self.runs, run_id)
        return gr.skip() if run is None else max(MORE.low, round(run.config.steps / 20) * 10)

    def show(self, run_id: str, owner: str, chosen: Any, request: gr.Request) -> list[Any]:
        """The panel for the run: its points, whether one may fork it, and its family."""
        run, say = find_run(self.runs, run_id), speaker(request)
        points = self.list_points(run_id, chosen, request)
        mine = run is not None and run.owned_by(owner)
        latest = self.runs.latest(owner, self.actions.engine)
        busy = latest is not None and not latest.board.ended
        may = len(points["choices"]) > 1 and (mine or run.forkable) and not busy
        relatives = self._relatives(run, owner) if run else []
        return [
            points,
            gr.update(interactive=may),
            gr.update(visible=mine and run.computed_here, value=run is not None and run.forkable),
            self._html(run, owner, say),
            ",".join(relatives[:COMPARED]),
            gr.update(visible=self.compared is not None and len(relatives) > 1),
        ]

    # --- the family -----------------------------------------------------------------------------------------------

    def _relatives(self, run: Run, owner: str) -> list[str]:
        """The run, its parent and its forks, as far as the visitor may know them."""
        parent = find_run(self.runs, run.origin.parent) if run.origin else None
        near = [parent] if parent else []
        near += [fork for fork in self.runs.forks_of(run.id) if fork.owned_by(owner)]
        return [run.id, *(each.id for each in near if _known(each, run, owner))]

    def _html(self, run: Run | None, owner: str, say: Say) -> str:
        if run is None:
            return ""
        why = "" if points_of(run.folder) else paragraph(say(_why_none(run)), "nothing")
        if not why and not run.owned_by(owner) and not run.forkable:
            why = paragraph(say("Only the person who started this run can fork it, unless they allow it to others."))
        tree = family(self.runs, run)
        if not tree.children:
            return why
        return f"{why}<h3>{say('Its family')}</h3><ul class='tree'>{self._branch(tree, None, run, owner, say)}</ul>"

    def _branch(self, node: Node, parent: Run | None, run: Run, owner: str, say: Say) -> str:
        """One run of the tree with its forks below it."""
        words = say("from step {step}", step=f"{node.step:,}") if node.step else say("the first one")
        words = ", ".join([words, *_changed(node.run, parent, say)])
        if node.run is None:
            name = say("a run that is not kept any more")
        elif node.run is run:
            name = f"<b>{say('this run')}</b>"
        elif _known(node.run, run, owner):
            name = f'<a href="?run={escape(node.id)}">{say("run {id}", id=node.id)}</a>'
        else:
            name = say("a run of somebody else")
        below = "".join(self._branch(child, node.run, run, owner, say) for child in node.children)
        return f"<li>{words}: {name}{f'<ul>{below}</ul>' if below else ''}</li>"


def _known(other: Run, run: Run, owner: str) -> bool:
    """Whether the visitor, who sees `run`, may see the other one too: it is theirs, or theirs was forked from it."""
    own = other.owned_by(owner) or other.example
    return own or (run.owned_by(owner) and run.origin is not None and run.origin.parent == other.id)


def _changed(run: Run | None, parent: Run | None, say: Say) -> list[str]:
    """The settings in which a fork differs from its parent, such as "Steps: 2000"."""
    if run is None or parent is None:
        return []
    values = {name: getattr(run.config, name) for name in run.config.free_in_a_fork}
    knobs = run.config.knobs()
    return [
        say("{field}: {value}", field=Message(knobs[name].label), value=Message(_said(knobs[name], value)))
        for name, value in values.items()
        if value != getattr(parent.config, name)
    ]


def _said(knob: Knob, value: Any) -> str:
    return knob.choices[value] if knob.choices else str(value)


def _why_none(run: Run) -> Message:
    """Why a run has no points."""
    if not run.computed_here:
        return Message("This run came as a file, so none of its points are kept here.")
    if run.board.ended:
        return Message("None of the points of this run are kept any more.")
    return Message("The first point comes after a second or two of training.")
