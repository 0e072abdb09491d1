"""Composing, harmonising and repairing: what a person may set, and what a trained network makes of the holes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engines import packing
from engines.data.cards import ASSETS
from engines.knobs import MAX_SEED, Config, knob, seed_knob
from engines.messages import ConfigError, EngineError
from engines.music.chorales import HIDDEN, PHASES, to_cells, to_tokens
from engines.music.config import MusicConfig
from engines.music.grid import FREE, HIGHEST, LOWEST, Chorale, tidy, to_text
from engines.music.measures.rules import FIFTH, OCTAVE, parallel_places, parallels
from engines.running.events import Weights

BUNDLED = ASSETS / "chorale_model"
TITLE = "chorale model"
FRAMES = 24  # of the passes, that are shown
MENDED, FEW = 16, 8  # times that parallels are drawn anew at most, and passes of each
FAR_AWAY = 16  # rows beyond what the blocks see in which the nearest known cell is looked for
PENALTY = 8.0  # nats that a parallel fifth or octave counts when the best of several is chosen


@dataclass(frozen=True)
class ComposeConfig(Config):
    """How holes are filled."""

    temperature: float = knob(
        0.9, "Temperature", "Lower keeps to what is likeliest, higher dares more.", low=0.0, high=2.0, step=0.05
    )
    passes: int = knob(
        64, "Passes", "How often cells are drawn anew, ever fewer at a time.", low=1, high=200, step=1, more=True
    )
    tries: int = knob(
        4, "Tries", "Pieces drawn at once; the one that keeps the rules best is taken.", low=1, high=16, step=1,
        more=True,
    )  # fmt: skip
    mend: bool = knob(
        True, "Mend parallels", "Notes that make parallel fifths or octaves are drawn anew, a few times.", more=True
    )
    seed: int = seed_knob()


@dataclass(frozen=True, eq=False)
class Filled:
    """A piece whose holes were filled."""

    chorale: Chorale
    sure: np.ndarray  # how likely the network found each cell when it was drawn, float32 [T, 4]; of given ones 1
    frames: tuple[tuple[str, str], ...]  # after some of the passes, the last one's last: the grid, and how sure
    seed: int  # the one used
    seconds: float


class Composer:
    """A trained network, on the CPU. Not for use by two threads at once."""

    def __init__(self, config: MusicConfig, tensors: Mapping[str, np.ndarray]) -> None:
        """EngineError if the weights are not of this config."""
        import torch

        from engines.music.networks import build

        self.net = build(config).eval()
        self.reach = sum(block.apart for block in self.net.blocks) + FAR_AWAY  # rows that a cell can depend on
        try:
            self.net.load_state_dict({name: torch.tensor(array).float() for name, array in tensors.items()})
        except (RuntimeError, TypeError) as problem:
            raise EngineError("These weights are of another model than their settings say.") from problem

    def fill(self, chorale: Chorale, config: ComposeConfig) -> Filled:
        """Draw what is FREE in the chorale's grid; all else stays as it is.

        Of `tries` pieces the one is taken that the network finds likeliest, parallels counting against it. ConfigError
        if there is no hole, or a given note is beyond LOWEST to HIGHEST.
        """
        began, config = time.perf_counter(), config.with_seed()
        free = check(chorale)
        config = replace(config, passes=min(config.passes, FEW + int(free.sum()) // 4))  # few holes need few passes
        holes = np.flatnonzero(free.any(1))
        rows = slice(max(0, int(holes[0]) - self.reach), min(len(chorale), int(holes[-1]) + 1 + self.reach))
        passes = self._draw(chorale, rows, config)
        pieces = [self._whole(chorale, rows, *(each[i] for each in passes[-1])) for i in range(config.tries)]
        best = max(range(config.tries), key=lambda i: worth(*pieces[i]))
        shown = np.unique(np.linspace(0, len(passes) - 1, FRAMES).round().astype(int))
        frames = (self._whole(chorale, rows, *(each[best] for each in passes[i])) for i in shown)
        shots = [*frames, *(self._mend(chorale, *pieces[best], config) if config.mend else ())]
        grid, sure = shots[-1]
        return Filled(
            replace(chorale, grid=grid),
            sure,
            tuple((to_text(cells), digits(how)) for cells, how in shots),
            config.seed,
            time.perf_counter() - began,
        )

    def _draw(self, chorale: Chorale, rows: slice, config: ComposeConfig) -> list[tuple[np.ndarray, np.ndarray]]:
        """After each pass the tokens of these rows, int64 [tries, T, 4], and how sure of each, float32."""
        import torch

        from engines.device.tuning import multiplies_bfloat16, threads
        from engines.music.sampling import AROUND, framed, gibbs

        tokens = torch.tensor(to_tokens(chorale.grid[rows]))
        phases = torch.tensor(np.minimum(chorale.phases[rows], PHASES - 2))
        cells, places = framed(*(each.expand(config.tries, *each.shape) for each in (tokens, phases)))
        # A frame says that the piece begins or ends there: rows that were left out are cut off without one.
        kept = slice(0 if rows.start == 0 else AROUND, None if rows.stop == len(chorale) else -AROUND)
        cells, places, first = cells[:, kept], places[:, kept], AROUND - kept.start
        how = config.passes, config.temperature, config.seed
        low = torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16())
        with threads(1), torch.inference_mode(), low:
            drawn = gibbs(self.net, cells, cells == HIDDEN, places, *how)
            own = slice(first, first + len(tokens))
            return [(found[:, own].numpy(), sure[:, own].numpy()) for found, sure in drawn]

    def _mend(
        self, chorale: Chorale, grid: np.ndarray, sure: np.ndarray, config: ComposeConfig
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Draws the notes of parallels anew, as far as they were holes; the grid and how sure after each success."""
        for again in range(1, MENDED + 1):
            holes = broken_notes(grid) & (chorale.grid == FREE)
            if not holes.any():
                return
            rows = np.flatnonzero(holes.any(1))
            near = slice(max(0, int(rows[0]) - self.reach), min(len(grid), int(rows[-1]) + 1 + self.reach))
            open_ = replace(chorale, grid=np.where(holes, FREE, grid).astype(np.int8))
            few = replace(config, passes=min(config.passes, FEW), seed=(config.seed + again) % MAX_SEED)
            drawn = self._draw(open_, near, few)[-1]
            pieces = [self._whole(open_, near, *(each[i] for each in drawn)) for i in range(config.tries)]
            found, how = max(pieces, key=lambda piece: worth(*piece))
            if broken(found) < broken(grid):
                grid, sure = found, np.where(holes, how, sure)
                yield grid, sure

    @staticmethod
    def _whole(chorale: Chorale, rows: slice, tokens: np.ndarray, sure: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The grid with these rows put in, and how sure of each cell, float32 [T, 4], 1 elsewhere."""
        grid, how = chorale.grid.copy(), np.ones(chorale.grid.shape, np.float32)
        grid[rows], how[rows] = to_cells(tokens), sure
        return tidy(grid), how


def check(chorale: Chorale) -> np.ndarray:
    """Where the holes are, bool [T, 4]; ConfigError if there is none, or a note that no network knows."""
    free = chorale.grid == FREE
    if not free.any():
        raise ConfigError("There is no hole to fill: rub something out first.")
    pitches = np.abs(chorale.grid[~free].astype(int))
    pitches = pitches[pitches > 0]
    if len(pitches) and (pitches.min() < LOWEST or pitches.max() > HIGHEST):
        raise ConfigError("A note lies beyond all four voices; they reach from C2 to A5.")
    return free


def worth(grid: np.ndarray, sure: np.ndarray) -> float:
    """How good a piece is, in nats: how likely its cells are, less what parallels cost."""
    return float(np.log(np.maximum(sure, 1e-6)).sum()) - PENALTY * broken(grid)


def broken(grid: np.ndarray) -> int:
    """How many parallel fifths and octaves there are."""
    return parallels(grid, FIFTH) + parallels(grid, OCTAVE)


def broken_notes(grid: np.ndarray) -> np.ndarray:
    """The cells of the notes that make them, both those before and those after, bool [T, 4]."""
    found = np.zeros(grid.shape, bool)
    for row, *voices in (*parallel_places(grid, FIFTH), *parallel_places(grid, OCTAVE)):
        for voice in voices:
            begin, end = row - 1, row + 1
            while begin and grid[begin, voice] < 0:
                begin -= 1
            while end < len(grid) and grid[end, voice] < 0:
                end += 1
            found[begin:end, voice] = True
    return found


def digits(sure: np.ndarray) -> str:
    """float [T, 4] from 0 to 1 as a line for each voice, a digit from 0 to 9 for each sixteenth."""
    tenths = np.clip(np.nan_to_num(sure) * 10, 0, 9).astype(int)
    return "\n".join("".join(map(str, column)) for column in tenths.T.tolist())


def bundled() -> tuple[MusicConfig, Weights]:
    """The settings and the weights, float32, of the model that ships with the app."""
    path = BUNDLED / "model.safetensors"
    about = packing.facts_of(path)
    return MusicConfig.from_dict(json.loads(about["config"])), Weights(int(about["step"]), packing.load(path))


def fill(config: MusicConfig | None, weights: Weights | None, chorale: Chorale, how: ComposeConfig) -> Filled:
    """See Composer.fill; `config` and `weights` are those of a run, None for the bundled model.

    A plain function, so that a worker can be told to call it.
    """
    if config is None or weights is None:
        config, weights = bundled()
    return Composer(config, weights.tensors).fill(chorale, how)
