"""Where the things of a plan stand on the picture, and how they are laid over each other.

Boxes are (left, top, width, height) in shares of the picture's side; sizes (width, height) are in any unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from PIL import Image

from engines.image_generation.emoji.combining.plan import Plan

Size = tuple[float, float]
GROUND = 28  # how much darker than white a pixel of a thing is at least, of 255
SPARE = 0.015  # of the side, left free around
# Where what is all around stands, from the left and from the top; its middle.
SPOTS = ((0.13, 0.15), (0.39, 0.1), (0.65, 0.12), (0.89, 0.2), (0.1, 0.46), (0.9, 0.52), (0.13, 0.8), (0.88, 0.84))
WEIGHTS = MappingProxyType({"big": 1.0, "": 1.0, "small": 0.5})


@dataclass(frozen=True)
class Spot:
    """Where an item stands; those that come later lie in front."""

    item: int
    left: float
    top: float
    width: float
    height: float


def layout(plan: Plan, sizes: Sequence[Size]) -> list[Spot]:
    """The spots of a plan's items (each thing as often as its count says), whose sizes are given, back to front."""
    if plan.relation == "beside":
        weights = [WEIGHTS[thing.size] for thing in plan.things for _ in range(thing.count)]
        return _rows(sizes, weights)
    many = plan.things[0].count
    return LAYOUTS[plan.relation](_Group(sizes[:many], 0), _Group(sizes[many:], many))


@dataclass(frozen=True)
class _Group:
    """Items that stand in a row as one, their feet on one line."""

    sizes: Sequence[Size]
    first: int  # index of the first item

    @property
    def size(self) -> Size:
        """Of the row, in units of its highest item."""
        scaled = [width / height for width, height in self.sizes]
        return sum(scaled), 1.0

    def fitted(self, width: float, height: float) -> Size:
        """The row's size when it is as large as the box lets it."""
        scale = min(width / self.size[0], height)
        return self.size[0] * scale, scale

    def at(self, middle: float, bottom: float, size: Size) -> list[Spot]:
        """The row in this size, around `middle`, on `bottom`."""
        left, spots = middle - size[0] / 2, []
        for i, (width, height) in enumerate(self.sizes):
            spots.append(Spot(self.first + i, left, bottom - size[1], width / height * size[1], size[1]))
            left += width / height * size[1]
        return spots


def _rows(sizes: Sequence[Size], weights: Sequence[float]) -> list[Spot]:
    """Things side by side: up to two in a row, more in two rows, the longer one below."""
    count = len(sizes)
    split = 0 if count < 3 else count // 2
    height = 0.5 if split else 0.9
    rows = [_row(sizes, weights, row, height) for row in (range(split), range(split, count)) if row]
    heights = [max(spot.height for spot in row) + 2 * SPARE for row in rows]
    bottom, spots = (1 - sum(heights)) / 2, []
    for row, high in zip(rows, heights, strict=True):
        bottom += high
        spots += [replace(spot, top=bottom - SPARE - spot.height) for spot in row]
    return spots


def _row(sizes: Sequence[Size], weights: Sequence[float], row: Sequence[int], room: float) -> list[Spot]:
    """A row without its tops: cells as wide as the weights say, things as large as these and the room let them be."""
    whole = sum(weights[i] for i in row)
    cell = 1 / whole if len(row) > 1 else min(1.0, room)  # of the weight 1
    left, spots = (1 - cell * whole) / 2, []
    for i in row:
        width, height = sizes[i]
        wide = cell * weights[i]
        scale = min((wide - 2 * SPARE) / width, weights[i] * (room - 2 * SPARE) / height)
        spots.append(Spot(i, left + (wide - width * scale) / 2, 0.0, width * scale, height * scale))
        left += wide
    return spots


def _stacked(upper: _Group, lower: _Group, above: Size, below: Size, overlap: float) -> list[Spot]:
    """One over the other; `overlap` is the share of the lower's height that the upper one covers."""
    high, low = upper.fitted(*above), lower.fitted(*below)
    covered = overlap * low[1]
    bottom = (1 + high[1] + low[1] - covered) / 2
    return lower.at(0.5, bottom, low) + upper.at(0.5, bottom - low[1] + covered, high)


def _on(a: _Group, b: _Group) -> list[Spot]:
    return _stacked(a, b, (0.6, 0.52), (0.92, 0.6), 0.24)


def _above(a: _Group, b: _Group) -> list[Spot]:
    return _stacked(a, b, (0.7, 0.44), (0.8, 0.5), -0.06)


def _under(a: _Group, b: _Group) -> list[Spot]:
    return _stacked(b, a, (0.84, 0.56), (0.6, 0.42), -0.04)


def _in(a: _Group, b: _Group) -> list[Spot]:
    """The first behind what holds it, which hides its lower part."""
    size, held = a.fitted(0.6, 0.56), b.fitted(0.94, 0.62)
    hidden = min(0.4 * size[1], 0.5 * held[1])
    bottom = (1 + size[1] + held[1] - hidden) / 2
    return a.at(0.5, bottom - held[1] + hidden, size) + b.at(0.5, bottom, held)


def _among(a: _Group, b: _Group) -> list[Spot]:
    size, (width, height) = a.fitted(0.62, 0.62), b.sizes[0]
    side = 0.2 / max(width, height)
    width, height = width * side, height * side
    around = [Spot(b.first, x - width / 2, y - height / 2, width, height) for x, y in SPOTS]
    return around + a.at(0.5, 0.9, size)


def _before(a: _Group, b: _Group) -> list[Spot]:
    return b.at(0.54, 0.95, b.fitted(0.9, 0.9)) + a.at(0.32, 0.98, a.fitted(0.6, 0.5))


def _behind(a: _Group, b: _Group) -> list[Spot]:
    return a.at(0.32, 0.84, a.fitted(0.6, 0.72)) + b.at(0.62, 0.96, b.fitted(0.68, 0.74))


def _worn(a: _Group, b: _Group) -> list[Spot]:
    size = a.fitted(0.82, 0.72)
    hat = b.fitted(0.62 * size[0], 0.36)
    return _centred(a.at(0.5, 0.0, size) + b.at(0.5, -size[1] + 0.34 * hat[1], hat))


def _scene(a: _Group, b: _Group) -> list[Spot]:
    return b.at(0.5, 1.0, b.fitted(1.0, 1.0)) + a.at(0.42, 0.97, a.fitted(0.6, 0.56))


def _centred(spots: list[Spot]) -> list[Spot]:
    top, bottom = min(spot.top for spot in spots), max(spot.top + spot.height for spot in spots)
    down = (1 - bottom - top) / 2
    return [replace(spot, top=spot.top + down) for spot in spots]


LAYOUTS: Mapping[str, Callable[[_Group, _Group], list[Spot]]] = MappingProxyType(
    {
        "on": _on,
        "above": _above,
        "under": _under,
        "in": _in,
        "among": _among,
        "before": _before,
        "behind": _behind,
        "worn": _worn,
        "scene": _scene,
    }
)


# --- pixels ----------------------------------------------------------------------------------------------------


def put_together(plan: Plan, pictures: Sequence[np.ndarray], side: int) -> np.ndarray:
    """One picture, uint8 [side, side, 3], of a plan's items, uint8 [S, S, 3] on white each."""
    items = [cut_out(picture) for picture in pictures]
    whole = np.full((side, side, 3), 255, np.uint8)
    for spot in layout(plan, [(item.shape[1], item.shape[0]) for item in items]):
        _lay(whole, items[spot.item], spot)
    return whole


def cut_out(picture: np.ndarray) -> np.ndarray:
    """What a picture shows, uint8 [h, w, 4]: its last channel is 255 where it covers what lies behind it.

    The ground is what is almost white and reaches the border. On the edge a thing is multiplied with what is behind,
    not laid over it, so that no white rim is left.
    """
    ground = ground_of(picture)
    covering = ~_grown(ground)
    rows, columns = np.flatnonzero((~ground).any(1)), np.flatnonzero((~ground).any(0))
    if not len(rows):  # an empty picture
        rows = columns = np.array([0, len(picture) - 1])
    whole = np.dstack([picture, covering.astype(np.uint8) * 255])
    return whole[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def ground_of(picture: np.ndarray) -> np.ndarray:
    """Where the white ground is, bool [H, W], of even sides: what is almost white and joined to the border.

    It is followed at half the size, which is faster, and passes no gap of one pixel.
    """
    white = picture.min(2) > 255 - GROUND
    height, width = white.shape
    coarse = _joined(white.reshape(height // 2, 2, width // 2, 2).all((1, 3)))
    return _grown(coarse.repeat(2, 0).repeat(2, 1)) & white


def _joined(white: np.ndarray) -> np.ndarray:
    """What of an area reaches its border."""
    found = np.zeros_like(white)
    found[[0, -1]], found[:, [0, -1]] = white[[0, -1]], white[:, [0, -1]]
    while True:
        grown = _grown(found) & white
        if (grown == found).all():
            return found
        found = grown


def _grown(area: np.ndarray) -> np.ndarray:
    """With the pixels beside it."""
    grown = area.copy()
    grown[1:] |= area[:-1]
    grown[:-1] |= area[1:]
    grown[:, 1:] |= area[:, :-1]
    grown[:, :-1] |= area[:, 1:]
    return grown


def _lay(whole: np.ndarray, item: np.ndarray, spot: Spot) -> None:
    """Put an item onto the picture, in place; what lies outside is cut off."""
    side = len(whole)
    width, height = max(1, round(spot.width * side)), max(1, round(spot.height * side))
    scaled = np.asarray(Image.fromarray(item[..., :3]).resize((width, height), Image.Resampling.LANCZOS), np.float32)
    cover = np.asarray(Image.fromarray(item[..., 3]).resize((width, height), Image.Resampling.BILINEAR), np.float32)
    left, top = round(spot.left * side), round(spot.top * side)
    x, y = slice(max(0, left), min(side, left + width)), slice(max(0, top), min(side, top + height))
    inside = (slice(y.start - top, y.stop - top), slice(x.start - left, x.stop - left))
    thing, alpha, behind = scaled[inside], cover[inside][..., None] / 255, whole[y, x].astype(np.float32)
    mixed = alpha * thing + (1 - alpha) * behind * thing / 255
    whole[y, x] = mixed.round().clip(0, 255).astype(np.uint8)
