"""What a person or a script can do with the runs of melody VAEs, and with what they have learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from engines.knobs import Knob
from engines.messages import ConfigError, EngineError
from engines.music.melody_vae import explore
from engines.music.melody_vae.bars import from_line, to_piece
from engines.music.melody_vae.config import ENGINE, TITLE, MelodyConfig
from engines.music.melody_vae.engine import train
from engines.music.melody_vae.explore import ROUND, Map
from engines.music.melody_vae.script import script_files
from engines.music.score.midi import HARP, write_midi
from engines.music.sound.strings import strings_wav
from engines.running.events import Events
from engines.running.run_files import saving
from engines.running.runs import Run, Runs
from engines.running.workers.pool import MODELS, TRAINING, Computer
from tabs.page.gate import Gate
from tabs.page.runs.actions import RunActions

WRITERS: dict[str, Callable[..., bytes]] = {
    "mid": lambda piece, about: write_midi(piece, about, ("Melody",), HARP),
    "wav": strings_wav,
}
MADE = "Machine-made with the AIGC Playground by {model}"  # in the files, which know no language


class MelodyActions(RunActions):
    """Actions on the runs, and melodies from their models."""

    def __init__(self, runs: Runs, gate: Gate, computer: Computer) -> None:
        super().__init__(ENGINE, MelodyConfig, TITLE, runs, gate, computer)

    def _events(self, config: MelodyConfig, files: Sequence[str], own: Path) -> Events:
        return self._computer.events(TRAINING, train, config, files, own)

    def _script(self, run: Run) -> Mapping[str, bytes]:
        return script_files(run.config)

    def ask(self, request: gr.Request | None, run: str, function: Callable[..., Any], *args: Any) -> Any:
        """function(config, weights, *args) with the model of a run, where models compute."""
        with self.gate.computing(request):
            found = self.runs.get(run)
            if found.engine != ENGINE:
                raise EngineError("This run is of another tab.")
            if found.board.weights is None:
                raise EngineError("This run has no model yet; wait a moment.")
            return self._computer.call(MODELS, function, found.config, found.board.weights, *args)

    def chart(self, run: str, request: gr.Request | None) -> Map:
        """The map of a run as it is now."""
        return self.ask(request, run, explore.latent_map)

    # --- for scripts -------------------------------------------------------------------------------------

    def map(self, run: str, request: gr.Request = None) -> dict[str, Any]:
        """The map of a run's latent space: held-out melodies, what comes back of each, and where it lies.

        Returns {"melodies": [line, …], "redrawn": [line, …], "places": [[u, v], …]}. A line has a character for each
        sixteenth of two bars: A to u for the pitches from C2 to E6 where a note begins, - where it is held, . for a
        rest; 32 of them in 4/4, 24 in 6/8.
        """
        chart = self.chart(run, request)
        places = [[round(float(x), 4) for x in place] for place in chart.points.places]
        return {"melodies": chart.melodies, "redrawn": chart.redrawn, "places": places}

    def morph(
        self, run: str, first: int, last: int, way: str = ROUND, request: gr.Request = None
    ) -> dict[str, Any]:  # fmt: skip
        """From one melody of a run's map to another, counted from 0; way is "round", on a sphere, or "straight".

        Returns {"first": line, "last": line, "stops": 21 lines, decoded on the way}.
        """
        return vars(self.ask(request, run, explore.morph, first, last, way))

    def sample(self, run: str, count: int = 4, seed: int = 1, request: gr.Request = None) -> list[str]:
        """New melodies from the prior of a run's model, at most 64, as lines."""
        return self.ask(request, run, explore.drawn, count, seed)

    def write(self, line: str, kind: str = "mid", run: str = "", request: gr.Request = None) -> str:
        """A melody as a file: kind is "mid" for MIDI or "wav" for sound, a plucked string."""
        with self.gate.computing(request):
            kind = Knob("mid", "Kind", choices=dict.fromkeys(WRITERS, "")).check(kind)
            try:
                piece = to_piece(from_line(line))
            except ValueError as problem:
                raise ConfigError(
                    "A melody is a line of 24 or 32 characters: letters for notes, - where one is held, . for a rest."
                ) from problem
            path = self.outbox.path(f"melody.{kind}")
            model = f"run {self.runs.get(run).id} of the melody VAE" if run else "a melody VAE"
            with saving(path):
                path.write_bytes(WRITERS[kind](piece, MADE.format(model=model)))
            return str(path)
