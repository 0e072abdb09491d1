"""What a person or a script can do in the Music tab: the handlers of its panels and its endpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from engines.knobs import Knob
from engines.messages import EngineError, Message
from engines.music import composing
from engines.music.composing import BUNDLED, ComposeConfig, Filled
from engines.music.config import ENGINE, TITLE, MusicConfig
from engines.music.engine import train
from engines.music.grid import FREE, VOICES, Chorale, to_text
from engines.music.measures import blind
from engines.music.score.engraving import write_musicxml
from engines.music.score.files import for_roll, read_piece
from engines.music.score.melodies import melody
from engines.music.score.midi import write_midi
from engines.music.sound.organ import organ_wav
from engines.music.take_home.script import script_files
from engines.running.events import Events, Weights
from engines.running.run_files import saving
from engines.running.runs import Run, Runs
from engines.running.votes.pair import Pair
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.music.roll.view import Sheet, read_sheet, sheet_of
from tabs.page.gate import Gate
from tabs.page.runs.actions import RunActions

RUN, SHIPPED = "run", "bundled"  # which model is used
BARS = Knob(8, "Bars", "Of a new piece.", low=2, high=16, step=1)
COMPOSE, HARMONISE, FILL = "compose", "harmonise", "fill"
HOW = Knob(FILL, "How", choices=dict.fromkeys((COMPOSE, HARMONISE, FILL), ""))
WRITERS: dict[str, Callable[..., bytes]] = {
    "mid": lambda piece, about: write_midi(piece, about, VOICES),
    "wav": organ_wav,
    "musicxml": lambda piece, about: write_musicxml(piece, about, VOICES),
}


class MusicActions(RunActions):
    """Actions on the runs, and music made with what they have learnt.

    Where a `run` is asked for whose model is to be used, "" stands for the bundled model.
    """

    def __init__(self, runs: Runs, gate: Gate, computer: Computer) -> None:
        super().__init__(ENGINE, MusicConfig, TITLE, runs, gate, computer)

    def _events(self, config: MusicConfig, files: Sequence[str], own: Path) -> Events:
        return self._computer.events(TRAINING, train, config, files, own)

    def _script(self, run: Run) -> Mapping[str, bytes]:
        return script_files(run.config)

    # --- the model -----------------------------------------------------------------------------------------------

    def make(self, run: str, sheet: Sheet, how: str, bars: int, config: ComposeConfig) -> Filled:
        """Fill what `how` leaves open of a sheet: all but locked notes, all but those and the melody, or its holes."""
        chorale = {
            COMPOSE: lambda: composed(sheet, bars),
            HARMONISE: lambda: harmonised(sheet),
            FILL: lambda: sheet.chorale,
        }
        return self._ask(run, chorale[HOW.check(how)](), config.with_seed())

    def _ask(self, run: str, chorale: Chorale, config: ComposeConfig) -> Filled:
        composing.check(chorale)
        trained = self._model(run) if run and run != self.example else (None, None)
        return self._computer.call(MODELS, composing.fill, *trained, chorale, config)

    def _model(self, run_id: str) -> tuple[MusicConfig, Weights]:
        run = self.runs.get(run_id)
        if run.engine != ENGINE:
            raise EngineError("This run is of another tab.")
        if run.board.weights is None:
            raise EngineError("This run has no model yet; wait a moment.")
        return run.config, run.board.weights

    def pair(self, run: str, seed: int) -> Pair:
        """A passage by Bach and one by the model, for a blind test."""
        trained = self._model(run) if run and run != self.example else (None, None)
        return self._computer.call(MODELS, blind.pair, *trained, seed)

    def maker(self, run: str) -> str:
        """The sentence that a file has about where it comes from."""
        who = f"run {run} of the chorale network" if run and run != self.example else "the bundled chorale model"
        return f"Machine-made with the AIGC Playground by {who}"

    # --- for scripts -----------------------------------------------------------------------------------------------

    def fill(
        self,
        piece: dict[str, Any],
        how: str = FILL,
        bars: int = 8,
        settings: dict[str, Any] | None = None,
        run: str = "",
        request: gr.Request = None,
    ) -> dict[str, Any]:
        """Compose, harmonise or fill holes: piece is {"voices": four lines, "bar": 16, "pickup": 0, "tempo": 90}.

        A line has a character for each sixteenth: A to n for the pitches from C2 to A5 where a note begins, - where it
        is held, . for a rest, ? for a hole. how is "compose" (all is new but locked notes, with so many bars),
        "harmonise" (the first line is kept) or "fill" (only holes). settings may have temperature, passes, tries and
        seed. Returns the piece, how sure the model was of each cell (digits), the seed and the seconds it took.
        """
        with self.gate.computing(request):
            blank = Sheet(empty(8), np.zeros((128, 4), bool))
            sheet = blank if piece in ({}, None) else read_sheet(json.dumps(piece))
            filled = self.make(run, sheet, how, int(BARS.check(bars)), ComposeConfig.from_dict(settings or {}))
            return {**told(filled.chorale), "sure": composing.digits(filled.sure).split("\n"), "seed": filled.seed,
                    "seconds": round(filled.seconds, 3)}  # fmt: skip

    def melody(self, name: str, request: gr.Request = None) -> dict[str, Any]:
        """A melody of the list as a piece whose other voices are holes, for music_fill."""
        with self.gate.computing(request):
            return told(melody(name))

    def read(self, path: str | None, request: gr.Request = None) -> dict[str, Any]:
        """A MIDI or MusicXML file as a piece: all of it in four voices, else its melody over holes."""
        with self.gate.computing(request):
            return told(for_roll(read_piece(path)))

    def write(self, piece: dict[str, Any], kind: str = "mid", run: str = "", request: gr.Request = None) -> str:
        """A piece as a file: kind is "mid" for MIDI, "wav" for sound, an organ, or "musicxml" for a score."""
        with self.gate.computing(request):
            kind = Knob("mid", "Kind", choices=dict.fromkeys(WRITERS, "")).check(kind)
            return self.file(read_sheet(json.dumps(piece)).chorale, kind, run)

    def file(self, chorale: Chorale, kind: str, run: str) -> str:
        """The path of a file of this kind."""
        path = self.outbox.path(f"chorale.{kind}")
        with saving(path):
            path.write_bytes(WRITERS[kind](chorale.to_piece(), self.maker(run)))
        return str(path)


def told(chorale: Chorale) -> dict[str, Any]:
    """A piece as scripts read and write it."""
    return {"voices": to_text(chorale.grid).split("\n"), "bar": chorale.bar, "pickup": chorale.pickup,
            "tempo": round(chorale.tempo)}  # fmt: skip


def empty(bars: int) -> Chorale:
    """So many bars of four quarters that are all to be found."""
    return Chorale(np.full((16 * bars, len(VOICES)), FREE, np.int8))


def composed(sheet: Sheet, bars: int) -> Chorale:
    """A new piece, of which only what is locked is given."""
    if not sheet.locked.any():
        return replace(empty(bars), tempo=sheet.chorale.tempo)
    return replace(sheet.chorale, grid=np.where(sheet.locked, sheet.chorale.grid, FREE).astype(np.int8))


def harmonised(sheet: Sheet) -> Chorale:
    """The melody, up to the bar in which it ends, and what is locked; the rest is to be found."""
    chorale = sheet.chorale
    grid = np.where(sheet.locked, chorale.grid, FREE).astype(np.int8)
    grid[:, 0] = chorale.grid[:, 0]
    sounds = np.flatnonzero((grid[:, 0] != 0) & (grid[:, 0] != FREE))
    if len(sounds):
        bars = -(-(int(sounds[-1]) + 1 + chorale.pickup) // chorale.bar)
        grid = grid[: bars * chorale.bar - chorale.pickup]
    return replace(chorale, grid=grid)


def opening() -> tuple[Chorale, np.ndarray]:
    """The piece with which the tab opens, and how sure the bundled model was of each cell, float32 [T, 4]."""
    said = json.loads((BUNDLED / "opening.json").read_text("utf-8"))
    voices = said["grid"].split("\n")
    chorale = sheet_of({"voices": voices, "bar": 16, "pickup": 0, "tempo": 84}).chorale
    return chorale, np.array([[int(digit) / 9 for digit in line] for line in said["sure"].split("\n")], np.float32).T


ABOUT_OPENING = Message("Made by the bundled chorale model. Press Play, change it, or let it compose another.")
