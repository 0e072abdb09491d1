"""What a person or a script can do with tunes: have one written, read one's own, and take it home."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import gradio as gr

from engines.gpt_training.config import ENGINE as LANGUAGE_MODELS
from engines.gpt_training.config import MASKED, OF_TUNES, TUNES
from engines.knobs import MAX_SEED, Knob
from engines.messages import ConfigError, EngineError, Message
from engines.music.measures.tunes import LENGTHS
from engines.music.score.abc import page_of, read
from engines.music.score.engraving import write_musicxml
from engines.music.score.marks import Tune
from engines.music.score.midi import HARP, write_midi
from engines.music.score.playing import piece_of
from engines.music.sound.strings import strings_wav
from engines.music.tunes import ANY, KEYS, METERS, Judged, compose, drawn, judge, prepare, readable
from engines.running.run_files import saving
from engines.running.runs import Run, Runs
from engines.running.workers.pool import MODELS, Computer
from tabs.page.gate import Gate
from tabs.page.outbox import Outbox
from tabs.page.polite import polite
from tabs.page.shared import find_run

BUNDLED = "bundled"
KEY = Knob("D", "Key", choices=dict.fromkeys(KEYS, ""))
METER = Knob("6/8", "Metre", choices=dict.fromkeys(METERS, ""))
BARS = Knob(ANY, "Bars", choices=dict.fromkeys((ANY, *LENGTHS), ""))
TEMPERATURE = Knob(0.9, "Temperature", low=0.2, high=1.5)
SEED = Knob(0, "Seed", low=0, high=MAX_SEED)
KINDS = ("abc", "midi", "wav", "musicxml")
ENDINGS = {"abc": "abc", "midi": "mid", "wav": "wav", "musicxml": "musicxml"}
WRITERS: dict[str, Callable[..., bytes]] = {
    "midi": lambda piece, about: write_midi(piece, about, ("Tune",), HARP),
    "wav": strings_wav,
    "musicxml": lambda piece, about: write_musicxml(piece, about, ("Tune",)),
}
MADE = "Machine-made: written by {model} of the AIGC Playground"  # in the files, which know no language


class TuneActions:
    """Actions on tunes. Each that a script may call raises gr.Error with one sentence in the visitor's language."""

    def __init__(self, runs: Runs, gate: Gate, computer: Computer) -> None:
        self.runs, self.gate, self._computer, self._outbox = runs, gate, computer, Outbox()

    # --- for scripts -------------------------------------------------------------------------------------

    def tune_write(
        self, run: str = "", key: str = "D", meter: str = "6/8", temperature: float = 0.9, seed: int = 1,
        bars: int = 0, request: gr.Request = None,
    ) -> dict[str, Any]:  # fmt: skip
        """A tune by the bundled model, or by that of a run which learns tunes, in a key and metre, so many bars long.

        Keys are G, D, A, C, F, Bb, Em, Am, Dm, Gm, Bm, Ador, Amix and Dmix; metres 6/8, 4/4, 2/4, 3/4 and 9/8; bars 8,
        12, 16, 20 and 24, as they are written, repeats once, or 0 for any. Returns {"abc": …, "bars": share of bars
        that add up, "length": how many there are, "in_key": share of notes, "closes": whether on the tonic, "notes":
        how many, "copied": notes in a row that a tune of the data has too}.
        """
        with self.gate.computing(request):
            line, judged = self.compose(run or BUNDLED, key, meter, temperature, SEED.check(seed), bars)
            return {"abc": page_of(readable(line))[0], **vars(judged)}

    def tune_notes(self, abc: str, request: gr.Request = None) -> dict[str, Any]:
        """What sounds when a tune in ABC is played, repeats unfolded.

        Returns {"notes": [[MIDI pitch, start, length] in quarter notes, …], "key": …, "meter": …, "tempo": quarters a
        minute}.
        """
        with polite(request):
            piece = piece_of(self.tune(abc))
            sounding = [[note.pitch, round(note.start, 4), round(note.length, 4)] for note in piece.notes]
            return {"notes": sounding, "key": piece.key, "meter": "{}/{}".format(*piece.meter), "tempo": piece.tempo}

    def tune_file(self, abc: str, kind: str = "midi", request: gr.Request = None) -> str:
        """A tune in ABC as a file; kind is "abc", "midi", "wav", a plucked string, or "musicxml", a score."""
        with self.gate.computing(request):
            return self._file(self.tune(abc), kind, "")

    def prepare(self) -> None:
        """Have the bundled model loaded before it is asked for."""
        self._computer.call(MODELS, prepare)

    # --- for the page ------------------------------------------------------------------------------------

    def compose(
        self, model: str, key: str, meter: str, temperature: float, seed: int, bars: int = ANY
    ) -> tuple[str, Judged]:  # fmt: skip
        """A tune in one line, and what was measured of it; ConfigError and EngineError say what is wrong."""
        run = None if model == BUNDLED else self._run(model)
        asked = KEY.check(key), METER.check(meter), TEMPERATURE.check(temperature), seed, BARS.check(bars)
        trained = (run.config, run.board.weights) if run else (None, None)
        line = self._computer.call(MODELS, compose, *trained, *asked)
        return line, self._computer.call(MODELS, judge, line, run.config.data if run else TUNES)

    def told(self, model: str, judged: Judged, bars: int = ANY) -> Message:
        """What is said below a tune that was written, `bars` having been asked for."""
        closes = Message("it closes on the tonic") if judged.closes else Message("it does not close on the tonic")
        return Message(
            "Written by {model}, a machine; the best of {drawn}. It is {length} bars long; {bars} % of its bars add"
            " up, {closes}; of its {notes} notes at most {copied} in a row stand in a tune of the data, in whatever"
            " key.",
            model=self._named(model),
            drawn=drawn(bars),
            length=judged.length,
            bars=round(100 * judged.bars),
            closes=closes,
            notes=judged.notes,
            copied=judged.copied,
        )

    def runs_of(self, owner: str) -> list[tuple[str, str]]:
        """Ids and names of a visitor's runs that learn tunes and have a model, the newest first."""
        mine = (run for run in reversed(self.runs.of(owner, LANGUAGE_MODELS)) if _fits(run) and run.board.weights)
        return [(run.id, f"{time.strftime('%H:%M', time.localtime(run.board.started))} · {run.id}") for run in mine]

    def takes_length(self, model: str) -> bool:
        """Whether this model can be asked for a number of bars: a run whose tunes say it."""
        run = find_run(self.runs, model)
        return run is not None and run.config.bars

    def save(self, value: str, kind: str) -> str:
        """The path of a file of what a score view shows; ConfigError if that is nothing."""
        try:
            shown = json.loads(value)
            abc, made = str(shown["abc"]), shown["about"]
        except (TypeError, ValueError, KeyError) as problem:
            raise ConfigError("There is no tune yet.") from problem
        return self._file(self.tune(abc), kind, MADE.format(model="a tune model") if made else "")

    @staticmethod
    def tune(abc: str) -> Tune:
        """A tune from ABC; ConfigError says what is wrong."""
        if not isinstance(abc, str):
            raise ConfigError("A tune is a text in ABC.")
        return read(abc)

    def _file(self, tune: Tune, kind: str, about: str) -> str:
        if kind not in KINDS:
            raise ConfigError("A tune is saved as abc, midi, wav or musicxml.")
        path = self._outbox.path(f"tune.{ENDINGS[kind]}")
        with saving(path):
            path.write_bytes(self._bytes(tune, kind, about))
        return str(path)

    @staticmethod
    def _bytes(tune: Tune, kind: str, about: str) -> bytes:
        if kind == "abc":
            head, rest = page_of(tune)[0].split("\n", 1)
            return "\n".join([head, *([f"N:{about}"] if about else []), rest]).encode()
        piece = piece_of(tune)
        return WRITERS[kind](piece, about)

    def _run(self, run_id: str) -> Run:
        run = self.runs.get(run_id)
        if not _fits(run):
            raise EngineError("This run's model writes no tunes.")
        if run.board.weights is None:
            raise EngineError("This run has no model yet; wait a few seconds.")
        return run

    def _named(self, model: str) -> Message:
        if model == BUNDLED:
            return Message("the bundled tune model")
        weights = self.runs.get(model).board.weights
        return Message("your run after {step} steps", step=f"{weights.step if weights else 0:,}")


def _fits(run: Run) -> bool:
    """Whether a run's model writes tunes."""
    return run.engine == LANGUAGE_MODELS and run.config.data in OF_TUNES and run.config.model != MASKED
