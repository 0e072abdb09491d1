"""A room's board: a tile for each run, with its latest picture or line and its held-out score, sorted by that."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from engines.data.grids import Picture
from engines.knobs import Knob
from engines.running.board import Board
from engines.running.comparison.measures import measure_of
from engines.running.room.rooms import Member, Room
from engines.running.runs import Run, Runs

HELD_OUT = (  # (group, column) of what a run is judged by, the first that it has
    ("final", "Fréchet distance"),
    ("scores", "Fréchet distance"),
    ("scores", "Distance"),
    ("losses", "Held-out"),
    ("validation", "Accuracy"),
)
OWN = "own"  # begins the name of data that a visitor brought
SIDE = 192  # pixels of a small picture
EDGE = 65535  # of places on the plane
MOST = 120  # tiles


@dataclass(frozen=True)
class Score:
    """Where a run stands in a held-out measure; `loss` is the smaller the better."""

    column: str
    value: float
    percent: bool
    loss: float


@dataclass(frozen=True)
class Tile:
    """A run on the board; of a `hidden` one, which learns from an upload that is not shown, only its numbers."""

    run: Run
    name: str
    score: Score | None
    hidden: bool

    @property
    def data(self) -> tuple[Any, ...]:
        """Settings of the data; scores can be compared where these and the measure agree."""
        return tuple(getattr(self.run.config, name) for name in self.run.config.data_of)

    @property
    def group(self) -> tuple[Any, ...]:
        """What it is compared with: the same measure on the same data."""
        return (self.score.column if self.score else "", self.run.engine if not self.score else "", self.data)


def tiles(runs: Runs, room: Room) -> list[Tile]:
    """The room's runs, best first within what can be compared, the larger groups before the smaller ones."""
    present = room.present
    found = [
        run for run in runs.marked(present) if run.computed_here and run.board.started >= present[run.mark].joined
    ]
    made = [_tile(run, present[run.mark]) for run in found[-MOST:]]
    sizes: dict[tuple[Any, ...], int] = {}
    for tile in made:
        sizes[tile.group] = sizes.get(tile.group, 0) + 1

    def place(tile: Tile) -> tuple[Any, ...]:
        return (not tile.score, -sizes[tile.group], str(tile.group), tile.score.loss if tile.score else 0)

    return sorted(made, key=place)


def _tile(run: Run, member: Member) -> Tile:
    values = (getattr(run.config, name) for name in run.config.data_of)
    own = any(isinstance(value, str) and value.startswith(OWN) for value in values)
    return Tile(run, member.name, score_of(run.board), own and not member.shows)


def score_of(board: Board) -> Score | None:
    """The last value of the first held-out measure that a run has."""
    for group, column in HELD_OUT:
        series = board.series.get(group)
        if series and column in series.names and series.rows:
            value, measure = series.rows[-1][1 + series.names.index(column)], measure_of(group, column)
            better: Callable[[float], float] = measure.loss or (lambda value: -value)
            return Score(column, value, measure.percent, better(value))
    return None


def data_words(run: Run) -> str:
    """The data's name, such as Fashion-MNIST; "" where it has none."""
    name = next(iter(run.config.data_of), "")
    a_knob: Knob | None = run.config.knobs().get(name)
    return (a_knob.choices or {}).get(getattr(run.config, name), "") if a_knob else ""


def line_of(board: Board) -> str:
    """The first text that a language model wrote last; "" of other models."""
    newest = board.writings.newest
    return next((text for text in newest.texts if text.strip()), "") if newest else ""


def shown_step(board: Board) -> int | None:
    """The step of the latest picture; None before there is one."""
    plane = board.planes.newest
    if plane:
        return plane.step
    return board.latest.step if board.latest else None


def thumb(board: Board) -> Picture | None:
    """The latest grid, or the made points of the plane, small."""
    plane, frame = board.planes.newest, board.latest
    if plane:
        return _small(_drawn(plane.samples), "PNG")
    if frame is None:
        return None
    image = frame.picture.open().convert("RGB")
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return _small(image, "JPEG")


def _drawn(samples: np.ndarray) -> Image.Image:
    """Points uint16 [N, 2] as dots on white, y upwards."""
    pixels = np.full((SIDE, SIDE, 3), 255, np.uint8)
    x, y = (samples.astype(np.int64) * (SIDE - 3) // EDGE).T
    for dx in range(3):
        for dy in range(3):
            pixels[SIDE - 1 - (y + dy), x + dx] = (249, 115, 22)
    return Image.fromarray(pixels)


def _small(image: Image.Image, kind: str) -> Picture:
    buffer = io.BytesIO()
    image.save(buffer, kind, **({"quality": 80} if kind == "JPEG" else {"optimize": True}))
    return Picture(buffer.getvalue(), f"image/{kind.lower()}")
