"""Draws the eight style pictures of assets/styles: python -m assets.styles.make

Each is 256 px, in the manner of a kind of picture rather than after any one; the same each time.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

HERE, SIDE, TIMES = Path(__file__).parent, 256, 3  # drawn three times as large, then shrunk
BIG = SIDE * TIMES


def night(rng: np.random.Generator) -> Image.Image:
    """Long strokes that whirl round stars, blue and yellow."""
    picture = Image.new("RGB", (BIG, BIG), (18, 32, 88))
    pen = ImageDraw.Draw(picture)
    whirls = [(rng.uniform(0, BIG, 2), rng.choice([-1, 1]), rng.uniform(60, 150)) for _ in range(7)]
    for _ in range(9000):
        place = rng.uniform(0, BIG, 2)
        near = min(np.hypot(*(place - centre)) / radius for centre, _, radius in whirls)
        glow = np.clip(1.2 - near, 0, 1)
        colour = _mixed(_pick(rng, BLUES), _pick(rng, YELLOWS), glow) if rng.random() < 0.9 else (235, 240, 235)
        path = [tuple(place)]
        for _ in range(9):
            push = np.array([1.0, 0.15 * np.sin(place[0] / 90)])
            for centre, turn, radius in whirls:
                away = place - centre
                push = push + 3 * turn * np.array([-away[1], away[0]]) / radius * np.exp(-(away @ away) / radius**2)
            place = place + 6 * push / np.hypot(*push)
            path.append(tuple(place))
        pen.line(path, colour, 5)
    return picture


def mosaic(rng: np.random.Generator) -> Image.Image:
    """Small square stones in rings, with grout between."""
    picture = Image.new("RGB", (BIG, BIG), (70, 60, 55))
    pen = ImageDraw.Draw(picture)
    palette = [(196, 84, 52), (222, 170, 84), (58, 110, 128), (238, 226, 198), (120, 46, 52), (92, 130, 84)]
    for ring in range(2, 60):
        radius = ring * 19
        colour = palette[(ring // 3) % len(palette)]
        for k in range(int(2 * np.pi * radius / 19)):
            angle = k * 19 / radius
            x, y = BIG * 0.3 + radius * np.cos(angle), BIG * 0.75 + radius * np.sin(angle)
            _stone(pen, x, y, angle, 8, _shaded(rng, colour, 26))
    return picture


def ink(rng: np.random.Generator) -> Image.Image:
    """Hills and a tree in black ink on paper, wet edges and all."""
    paper = np.full((BIG, BIG, 3), (240, 234, 220), np.float32)
    x = np.arange(BIG)
    for depth in range(6):
        top = BIG * (0.22 + 0.13 * depth) + sum(
            rng.uniform(10, 60) * np.sin(x / rng.uniform(40, 160) + rng.uniform(0, 6)) for _ in range(4)
        )
        below = np.arange(BIG)[:, None] - top[None]
        wash = np.where(below > 0, np.exp(-below / (70 + 25 * depth)), 0) * (0.25 + 0.13 * depth)
        edge = np.exp(-((below / 4) ** 2)) * (0.2 + 0.12 * depth)
        paper *= 1 - np.clip(wash + edge, 0, 0.95)[..., None]
    picture = Image.fromarray(paper.astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    for _ in range(240):  # a brush that runs dry
        x0, y0 = rng.uniform(0, BIG, 2)
        for k in range(26):
            size = 7 * (1 - k / 26) * rng.random()
            pen.ellipse((x0 + 5 * k, y0 - 3 * k, x0 + 5 * k + size, y0 - 3 * k + size), (24, 22, 26))
    grain = rng.normal(0, 6, (BIG, BIG, 1))
    return Image.fromarray(
        np.clip(np.asarray(picture.filter(ImageFilter.GaussianBlur(1))) + grain, 0, 255).astype(np.uint8)
    )


def waves(rng: np.random.Generator) -> Image.Image:
    """Rows of blue arcs, as on a woodcut or a cloth."""
    picture = Image.new("RGB", (BIG, BIG), (238, 230, 208))
    pen = ImageDraw.Draw(picture)
    blue, paper = (28, 62, 110), (238, 230, 208)
    rings = ((96, blue), (84, paper), (70, (70, 120, 160)), (54, paper), (38, blue), (20, paper))
    for row in range(14):
        for column in range(-1, 5):
            x, y = column * 192 + (row % 2) * 96, row * 60 + 60
            for radius, tone in rings:
                box = (x - radius, y - radius, x + radius, y + radius)
                pen.pieslice(box, 180, 360, _shaded(rng, tone, 8))
    return picture


def glass(rng: np.random.Generator) -> Image.Image:
    """Large coloured panes between black leads, light through them."""
    points = rng.uniform(0, BIG, (60, 2))
    owner, gap = _cells(points)
    palette = np.array(
        [(200, 30, 40), (250, 190, 40), (30, 80, 190), (40, 150, 90), (120, 50, 150), (240, 120, 40), (90, 190, 220)]
    )
    panes = palette[rng.integers(0, len(palette), len(points))][owner].astype(np.float32)
    light = 0.75 + 0.4 * np.sin(np.arange(BIG) / 60)[None] * np.cos(np.arange(BIG) / 80)[:, None]
    panes = panes * light[..., None] + rng.normal(0, 6, (BIG, BIG, 1))
    panes[gap < 9] = (18, 16, 20)
    return Image.fromarray(np.clip(panes, 0, 255).astype(np.uint8))


def dots(rng: np.random.Generator) -> Image.Image:
    """Dots of pure colours, whose mixture is left to the eye."""
    picture = Image.new("RGB", (BIG, BIG), (246, 240, 226))
    pen = ImageDraw.Draw(picture)
    for _ in range(26000):
        x, y = rng.uniform(0, BIG, 2)
        ground = _mixed((60, 130, 200), (250, 200, 90), np.clip(y / BIG + 0.25 * np.sin(x / 110), 0, 1))
        if np.hypot(x - BIG * 0.6, y - BIG * 0.4) < BIG * 0.2:
            ground = (220, 80, 60)
        colour = _shaded(rng, ground, 60) if rng.random() < 0.8 else _pick(rng, [(250, 240, 120), (90, 60, 150)])
        radius = rng.uniform(3, 6)
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), colour)
    return picture


def pencil(rng: np.random.Generator) -> Image.Image:
    """Hatching: lines the closer and the more crossed, the darker it is."""
    picture = Image.new("RGB", (BIG, BIG), (250, 248, 242))
    pen = ImageDraw.Draw(picture)

    def dark(x: float, y: float) -> float:
        return 0.5 + 0.5 * np.sin(x / 70) * np.cos(y / 90) - 0.4 * (np.hypot(x - 384, y - 384) < 180)

    for turn, least in ((0.78, 0.2), (-0.78, 0.45), (0.1, 0.62), (1.5, 0.78)):
        along = np.array([np.cos(turn), np.sin(turn)])
        for _ in range(5200):
            x, y = rng.uniform(0, BIG, 2)
            if dark(x, y) > least:
                step = along * rng.uniform(14, 34) + rng.normal(0, 1.4, 2)
                tone = int(rng.uniform(40, 120))
                pen.line((x, y, x + step[0], y + step[1]), (tone, tone, tone + 6), 2)
    return picture


def papercut(rng: np.random.Generator) -> Image.Image:
    """Red paper with petals, rings and teeth cut out of it, in eight like parts."""
    picture = Image.new("RGB", (BIG, BIG), (248, 240, 228))
    pen = ImageDraw.Draw(picture)
    middle, red, light = BIG / 2, (196, 22, 34), (248, 240, 228)
    pen.ellipse((12, 12, BIG - 12, BIG - 12), red)
    for radius, size, count, corners in CUTS:
        for k in range(count):
            angle = 2 * np.pi * k / count
            x, y = middle + radius * np.cos(angle), middle + radius * np.sin(angle)
            if corners:
                _stone(pen, x, y, angle + np.pi / 4, size * 0.6, light)
            else:
                pen.ellipse((x - size / 2, y - size / 2, x + size / 2, y + size / 2), light)
                pen.ellipse((x - size / 4, y - size / 4, x + size / 4, y + size / 4), _shaded(rng, red, 10))
    return picture


BLUES = [(22, 44, 120), (40, 90, 170), (80, 140, 200), (30, 60, 90)]
PANES = [(200, 30, 40), (250, 190, 40), (30, 80, 190), (40, 150, 90), (120, 50, 150), (240, 120, 40), (90, 190, 220)]
CUTS = (  # radius, size, how many, whether they have corners
    (330, 26, 32, True), (285, 40, 16, False), (235, 30, 24, True), (185, 54, 12, False), (125, 24, 16, True),
    (80, 40, 8, False), (30, 16, 6, True),
)  # fmt: skip
YELLOWS = [(250, 220, 90), (255, 240, 170), (240, 180, 60)]
STYLES: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "night": night, "mosaic": mosaic, "ink": ink, "waves": waves, "glass": glass, "dots": dots, "pencil": pencil,
    "papercut": papercut,
}  # fmt: skip


def _pick(rng: np.random.Generator, colours: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    return colours[rng.integers(len(colours))]


def _mixed(one: tuple[int, ...], other: tuple[int, ...], share: float) -> tuple[int, ...]:
    return tuple(int(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def _shaded(rng: np.random.Generator, colour: tuple[int, ...], much: int) -> tuple[int, ...]:
    return tuple(int(np.clip(part + rng.normal(0, much / 2), 0, 255)) for part in colour)


def _stone(pen: ImageDraw.ImageDraw, x: float, y: float, angle: float, half: float, colour: tuple[int, ...]) -> None:
    turned = [angle + np.pi / 4 + k * np.pi / 2 for k in range(4)]
    pen.polygon([(x + half * 1.4 * np.cos(a), y + half * 1.4 * np.sin(a)) for a in turned], colour)


def _cells(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each pixel the nearest point, and how much farther the second nearest is."""
    grid = np.stack(np.meshgrid(np.arange(BIG), np.arange(BIG)), -1)
    far = np.sqrt(((grid[:, :, None] - points) ** 2).sum(-1))
    two = np.partition(far, 1, axis=2)
    return far.argmin(2), two[..., 1] - two[..., 0]


if __name__ == "__main__":
    for name, draw in STYLES.items():
        picture = draw(np.random.default_rng(7)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
        picture.save(HERE / f"{name}.webp", quality=86, method=6)
        print(name, (HERE / f"{name}.webp").stat().st_size)
