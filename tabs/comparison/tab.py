"""The Compare tab: two to four runs over one another. Whoever knows a run's id may watch it, and so compare it."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from engines.knobs import Config
from engines.messages import ConfigError, Message
from engines.running.comparison.compare import compare
from engines.running.comparison.entries import AXES, MOST, SECONDS
from engines.running.run_files import load_run
from engines.running.runs import Run, Runs
from tabs.comparison.race import RaceActions, RacePanel
from tabs.comparison.told import entries, told
from tabs.comparison.view import comparison_view
from tabs.page.forms import ChoiceList, Form
from tabs.page.gate import Gate
from tabs.page.language import language_of, t, translate
from tabs.page.learn import learn_panel
from tabs.page.links import Query
from tabs.page.polite import polite
from tabs.page.shared import QUICK, Shared, find_run, new_key

ENGINE = "comparison"  # by which links name this tab; nothing computes under it
RUNS, AXIS = "runs", "axis"  # of a link
ID = re.compile(r"[\w-]{6,64}")
INTRO = (
    "Choose two to four runs, your own, watched ones or the examples: their curves come over one another, what they"
    " made at the same moment side by side, and below stand the settings in which they differ."
)


def build(shared: Shared) -> None:
    """Lay the tab out and wire it."""
    tab = ComparisonTab(shared.runs, shared.gate, RaceActions(shared.runs, shared.gate, shared.racers))
    tab.build_layout()
    tab.wire(shared)


class ComparisonTab:
    """The tab's components and the handlers that update them."""

    def __init__(self, runs: Runs, gate: Gate, races: RaceActions) -> None:
        self.runs, self.gate, self.races = runs, gate, races

    def build_layout(self) -> None:
        """Make the components."""
        gr.Markdown(t(INTRO))
        with gr.Row(equal_height=True):
            with gr.Column(scale=5, min_width=300):
                self.chosen = ChoiceList(
                    [], multiselect=True, max_choices=MOST, label=t("Runs to compare"), elem_id="comparison-runs"
                )
            with gr.Column(scale=4, min_width=280):
                self.link = gr.Textbox(
                    label=t("Add a run by its watch link"),
                    info=t("Paste the link that somebody gave you, and press Enter."),
                    max_lines=1,
                    elem_id="comparison-link",
                )
            with gr.Column(scale=3, min_width=200):
                self.file = gr.File(
                    label=t("Add a run file"), file_types=[".zip"], height=110, elem_id="comparison-open"
                )
        self.race = RacePanel(self.races)
        self.view = comparison_view("comparison-view")
        learn_panel(
            ENGINE, Form(Config, ENGINE), {"#comparison-view .told-title": "noise", "#comparison-view .axes": "axes"}
        )

    def wire(self, shared: Shared) -> None:
        """Connect events to handlers, and add the endpoint."""
        owner, both = shared.owner, [self.chosen, self.view]
        arrived = shared.openings[ENGINE].then(self.arrive, [owner, shared.visit, shared.compared], both, **QUICK)
        arrived.then(self.race.list_entries, [owner, self.race.entries], self.race.entries, **QUICK)
        self.chosen.focus(self.list_runs, [owner, self.chosen], self.chosen, **QUICK)
        self.chosen.input(self.show, self.chosen, self.view, **QUICK)
        self.link.submit(self.add_link, [owner, self.chosen, self.link], [*both, self.link], **QUICK)
        self.file.upload(self.add_file, [owner, self.chosen, self.file], [*both, self.file], **QUICK)
        shared.compared.change(
            self.take, [owner, self.chosen, shared.compared], both, **QUICK, trigger_mode="multiple"
        )
        self._wire_race(owner, shared)
        gr.api(self.compare_runs, api_name="compare_runs", queue=False)
        gr.api(self.races.race, api_name="race", queue=False)

    def _wire_race(self, owner: gr.BrowserState, shared: Shared) -> None:
        race, both = self.race, [self.chosen, self.view]
        race.entries.focus(race.list_entries, [owner, race.entries], race.entries, **QUICK)
        race.start.click(self.begin_race, [owner, race.entries, *race.form.widgets], both, **QUICK)
        race.stop.click(race.halt, [owner, self.chosen], None, **QUICK)

    # --- handlers -----------------------------------------------------------------------------------------------

    def arrive(self, owner: str, visit: Query, handed: str, request: gr.Request) -> list[Any]:
        """What the tab shows first: the link's comparison, else what a tab handed over, else two of one's own."""
        ids = [one for one in (visit.get(RUNS) or "").split(",") if ID.fullmatch(one)]
        if len(ids) > MOST:
            gr.Warning(translate(Message("A comparison has at most {most} runs.", most=MOST), language_of(request)))
        axis = visit.get(AXIS) if visit.get(AXIS) in AXES else ""
        ids = list(dict.fromkeys(ids))[:MOST] or self._suggested(owner, handed)
        return [self._choices(owner, ids, request), _query(ids, axis or "")]

    def list_runs(self, owner: str, chosen: list[str] | None, request: gr.Request) -> dict[str, Any]:
        """The runs that one may choose now."""
        return self._choices(owner, chosen or [], request)

    @staticmethod
    def show(chosen: list[str] | None) -> str:
        """Compare the chosen ones."""
        return _query((chosen or [])[:MOST])

    def add_link(self, owner: str, chosen: list[str] | None, link: str, request: gr.Request) -> list[Any]:
        """Add the run of a watch link, or of its bare id."""
        with polite(request):
            found = re.search(r"[?&]run=([\w-]+)", link or "")
            run = self.runs.get(found[1] if found else (link or "").strip())
            return [*self._add(owner, chosen, run.id, request), ""]

    def add_file(self, owner: str, chosen: list[str] | None, path: str | None, request: gr.Request) -> list[Any]:
        """Add the run of a run file of any tab."""
        with self.gate.computing(request, owner):
            if not path:
                raise ConfigError("Choose a file first.")
            board = load_run(Path(path))
            run = self.runs.add(board, self.runs.read(board), owner or new_key())
            return [*self._add(owner, chosen, run.id, request), None]

    def take(self, owner: str, chosen: list[str] | None, handed: str, request: gr.Request) -> list[Any]:
        """Add the run that another tab handed over, in place of the oldest if there are four; several come alone."""
        run_id = handed.partition(" ")[0]
        if "," in run_id:
            ids = self._suggested(owner, handed)
            return [self._choices(owner, ids, request), _query(ids)]
        kept = [one for one in chosen or [] if one != run_id]
        ids = [*kept[-(MOST - 1) :], run_id] if kept else self._suggested(owner, handed)
        return [self._choices(owner, ids, request), _query(ids)]

    def begin_race(self, owner: str, entries: list[str] | None, request: gr.Request, *values: Any) -> list[Any]:
        """Start a race, and compare its runs by seconds as they go."""
        ids = self.race.begin(owner, entries, request, *values)
        return [self._choices(owner, ids, request), _query(ids, SECONDS)]

    def compare_runs(self, runs: list[str], request: gr.Request = None) -> dict[str, Any]:
        """Compare two to four runs by their ids: who leads in what, what can't be compared, and which settings differ.

        "standings" has sentences for the runs as they are now (axis "") and at equal steps, seconds and pictures.
        """
        with polite(request):
            if not isinstance(runs, list) or not 2 <= len(runs) <= MOST:
                raise ConfigError("Name two to {most} runs.", most=MOST)
            return told(compare(entries(self.runs, [self.runs.get(one) for one in runs])))

    # --- the list -------------------------------------------------------------------------------------------------

    def _add(self, owner: str, chosen: list[str] | None, run_id: str, request: gr.Request) -> list[Any]:
        ids = list(dict.fromkeys([*(chosen or []), run_id]))
        if len(ids) > MOST:
            raise ConfigError("A comparison has at most {most} runs: take one out first.", most=MOST)
        return [self._choices(owner, ids, request), _query(ids)]

    def _suggested(self, owner: str, handed: str = "") -> list[str]:
        """The handed run beside one's newest other run, preferably of the same kind, or beside an example.

        Not beside one that reads other data: nothing of the two could be compared. Several that were handed over stand
        by themselves.
        """
        given = (handed or "").partition(" ")[0].split(",")
        if len(given) > 1:
            return given[:MOST]
        run = find_run(self.runs, given[0])
        others = [one for one in (*self.runs.all_of(owner), *self.runs.examples()) if one is not run]
        if run is None:
            return [one.id for one in others[:2]]
        others = [one for one in others if one.engine == run.engine or one.config.data_of == run.config.data_of]
        others.sort(key=lambda one: one.engine != run.engine)
        return [run.id, *(one.id for one in others[:1])]

    def _choices(self, owner: str, chosen: Sequence[str], request: gr.Request) -> dict[str, Any]:
        """The list: one's own runs, what is chosen already, and the examples."""
        watched = [run for run in (find_run(self.runs, one) for one in chosen) if run]
        listed = dict.fromkeys((*self.runs.all_of(owner), *watched, *self.runs.examples()))
        language = language_of(request)
        choices = [(_label(self.runs.title(run.engine), run, language), run.id) for run in listed]
        gone = [(translate(Message("Gone"), language), one) for one in chosen if not find_run(self.runs, one)]
        return gr.update(choices=[*choices, *gone], value=list(chosen))


def _query(ids: Sequence[str], axis: str = "") -> str:
    """What the view follows; as in a link."""
    return urlencode({RUNS: ",".join(ids), **({AXIS: axis} if axis else {})})


def _label(title: str, run: Run, language: str) -> str:
    """A run in the list, such as: GAN · Fashion-MNIST · 1,200 steps · 12 min ago."""

    def say(text: Any) -> str:
        return translate(text, language)

    knobs, data = run.config.knobs(), run.config.data_of[:1]
    parts = [say(title), *(say((knobs[name].choices or {}).get(getattr(run.config, name), "")) for name in data)]
    if run.board.progress:
        parts.append(say(Message("{count} steps", count=f"{run.board.progress.step:,}")))
    minutes = round((time.time() - run.board.started) / 60)
    if run.example:
        parts.append(say(Message("example")))
    elif minutes < 90:
        parts.append(say(Message("{count} min ago", count=minutes)))
    else:
        parts.append(say(Message("{count} h ago", count=round(minutes / 60))))
    return " · ".join(part for part in parts if part)
