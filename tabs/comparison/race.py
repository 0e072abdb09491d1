"""The race of the Compare tab: entries get the same data and the same seconds of computing, in turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from engines.knobs import Config
from engines.live_training.race.config import FEWEST, OVERHEAD, RaceConfig
from engines.live_training.race.terms import Terms
from engines.messages import ConfigError, EngineError
from engines.running.comparison.entries import MOST, OWN
from engines.running.events import Events
from engines.running.runs import Run, Runs
from tabs.page.forms import ChoiceList, Form
from tabs.page.gate import Gate
from tabs.page.language import language_of, t, translate
from tabs.page.polite import polite
from tabs.page.shared import Racer, find_run, new_key

RULES = (
    "Two to four entries learn the same for the same **seconds of computing**, in turns of a few seconds on this"
    " device: models of pictures one dataset, language models one text. At the end each sits the same exam four times."
    " Learning rates fall with an entry's time instead of its steps. The race goes on without this page."
)


class RaceActions:
    """Starts and stops races. Each action raises gr.Error with one sentence in the visitor's language."""

    def __init__(self, runs: Runs, gate: Gate, racers: Mapping[str, Racer]) -> None:
        self.runs, self.gate, self.racers = runs, gate, racers

    def choices(self, owner: str, language: str) -> list[tuple[str, str]]:
        """What can enter: each family's recipes, and its settings in one's own latest run."""
        say = partial(translate, language=language)
        found = []
        for engine, racer in self.racers.items():
            mine = self.runs.latest(owner, engine)
            if mine and not _brought(mine.config):
                found.append((f"{say(racer.title)} · {say('as in your latest run')}", f"{engine}/{mine.id}"))
            for name, preset in racer.presets.items():
                found.append((f"{say(racer.title)} · {say(preset.title)}", f"{engine}/{name}"))
        return found

    def first(self) -> list[str]:
        """The entries to begin with: each family as it comes."""
        data = next((racer.config.data_of for racer in self.racers.values()), ())
        alike = {engine: racer for engine, racer in self.racers.items() if racer.config.data_of == data}
        return [f"{engine}/{next(iter(racer.presets))}" for engine, racer in alike.items()][:MOST]

    def start(
        self, race: RaceConfig, entries: Sequence[tuple[str, Mapping[str, Any]]], owner: str, request: Any
    ) -> list[Run]:
        """Start a race between (engine, settings); what is the race's own is put into them."""
        if not FEWEST <= len(entries) <= MOST:
            raise ConfigError("A race has two to {most} entries.", most=MOST)
        race, terms = race.with_seed(), Terms(race.seconds)
        racing = []
        for engine, settings in entries:
            racer = self._racer(engine)
            own: dict[str, Any] = {"seed": race.seed}
            if "dataset" in racer.config.data_of:
                own |= {"dataset": race.dataset, "whole": False, "size": racer.config.knobs()["size"].default}
            config = self.gate.limits.allow(racer.config.from_dict({**settings, **own}))
            racing.append((engine, config, self._events(racer, config, terms)))
        _must_learn_the_same([config for _, config, _ in racing])
        self.gate.count(owner, request)
        self.gate.admit_run(owner, request)
        runs = self.runs.race(racing, owner, OVERHEAD * race.seconds * len(racing))
        for run in runs:
            self.gate.note_run(run, request)
        return runs

    def named(self, entries: Sequence[str] | None) -> list[tuple[str, Mapping[str, Any]]]:
        """The settings behind what was chosen from `choices`."""
        found = []
        for entry in entries or ():
            engine, _, name = str(entry).partition("/")
            racer, run = self._racer(engine), find_run(self.runs, name)
            if name in racer.presets:
                found.append((engine, racer.presets[name].values))
            elif run and run.engine == engine:
                found.append((engine, run.config.to_dict()))
            else:
                raise EngineError("There is no such run here any more.")
        return found

    def _racer(self, engine: str) -> Racer:
        if engine not in self.racers:
            known = ", ".join(self.racers)
            raise ConfigError("{name} can't race here; there are {known}.", name=repr(engine)[:40], known=known)
        return self.racers[engine]

    @staticmethod
    def _events(racer: Racer, config: Config, terms: Terms) -> Any:
        def events(folder: Path) -> Events:
            return racer.events(config, folder, terms)

        return events

    def race(
        self, entries: list[dict[str, Any]], settings: dict[str, Any], owner: str = "", request: gr.Request = None
    ) -> dict[str, Any]:
        """Race two to four entries, such as {"engine": "gan_training", "settings": {"objective": "hinge"}}.

        settings are those of the race: {"dataset": "fashion_mnist", "seconds": 60, "seed": 1}. Returns at once: "runs"
        are the ids to compare and to watch them by, "owner" the key that may stop them.
        """
        with polite(request):
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise ConfigError("The entries must be a JSON list of objects with engine and settings.")
            owner = owner or new_key()
            asked = [(entry.get("engine"), entry.get("settings") or {}) for entry in entries]
            runs = self.start(RaceConfig.from_dict(settings), asked, owner, request)
            return {"runs": [run.id for run in runs], "owner": owner, "config": [run.config.to_dict() for run in runs]}


def _data(config: Config) -> tuple[tuple[str, Any], ...]:
    """What a model learns from."""
    return tuple((name, getattr(config, name)) for name in config.data_of)


def _brought(config: Config) -> bool:
    """Whether it is what a visitor brought, which the others do not have."""
    return any(value == OWN for _, value in _data(config))


def _must_learn_the_same(configs: Sequence[Config]) -> None:
    if any(map(_brought, configs)):
        raise ConfigError("A race is on data that is here already: a text or pictures of your own can't be raced on.")
    if len(set(map(_data, configs))) > 1:
        raise ConfigError(
            "The entries of a race must learn the same: all of them pictures, or all of them the same text."
        )


class RacePanel:
    """The race's settings and its buttons."""

    def __init__(self, actions: RaceActions) -> None:
        self.actions = actions
        with gr.Accordion(t("Race: the same data, the same seconds of computing"), open=False, elem_id="race"):
            gr.Markdown(t(RULES))
            with gr.Row(equal_height=True):
                with gr.Column(scale=5, min_width=300):
                    self.entries = ChoiceList(
                        [], multiselect=True, max_choices=MOST, label=t("Entries"), elem_id="race-entries"
                    )
                self.form = Form(RaceConfig, "race")
                for name in RaceConfig.knobs():
                    with gr.Column(scale=3, min_width=200):
                        self.form.add([name])
            with gr.Row():
                self.start = gr.Button(t("Start the race"), variant="primary", elem_id="race-start")
                self.stop = gr.Button(t("Stop these runs"), elem_id="race-stop")

    def list_entries(self, owner: str, chosen: list[str] | None, request: gr.Request) -> dict[str, Any]:
        """What can enter now; at first each family as it comes."""
        choices = self.actions.choices(owner, language_of(request))
        known = {entry for _, entry in choices}
        kept = [entry for entry in chosen or () if entry in known]
        return gr.update(choices=choices, value=kept or self.actions.first())

    def begin(self, owner: str, entries: list[str] | None, request: gr.Request, *values: Any) -> list[str]:
        """Start the race; the ids of its runs."""
        with polite(request):
            named = self.actions.named(entries)
            return [run.id for run in self.actions.start(self.form.read(values), named, owner, request)]

    def halt(self, owner: str, chosen: list[str] | None, request: gr.Request) -> None:
        """Stop those of the compared runs that are one's own and go on."""
        with polite(request):
            found = [run for run in (find_run(self.actions.runs, one) for one in chosen or ()) if run]
            live = [run for run in found if run.owned_by(owner) and not run.board.ended]
            if not live:
                raise EngineError("None of these runs is yours and still going.")
            for run in live:
                self.actions.runs.control(run.id, owner, "stop")
