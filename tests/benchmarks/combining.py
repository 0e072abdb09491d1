"""How often a picture of a combination shows it: `python -m tests.benchmarks.combining FOLDER` prints JSON lines.

200 prompts (80 of a colour and a thing, 80 of two things, 40 of a count) are drawn by the bundled model alone and put
together. The judge is a small convolutional network that has never seen a drawn picture nor a line of the placing: it
learns here, in some minutes, on composites of the real emoji made by this script's own rules, and says which things
there are, how many, in which colour, and whether one stands over the other. A picture is right if all that was asked
for is.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engines.image_generation.config import ImageConfig
from engines.image_generation.emoji.corpus import COLOURS as TRAINED
from engines.image_generation.emoji.corpus import kept_apart
from engines.image_generation.emoji.pictures import load_emoji
from engines.image_generation.engine import generate
from engines.image_generation.models import ImageModels
from engines.running.events import Pictures

SIDE = 64  # pixels at which the judge looks
THINGS = (
    "cat", "dog", "horse", "rabbit", "penguin", "elephant", "monkey", "owl", "turtle", "octopus", "whale", "crab",
    "butterfly", "pizza", "hamburger", "banana", "strawberry", "watermelon", "pineapple", "mushroom", "cactus",
    "sunflower", "rose", "bicycle", "bus", "rocket", "sailboat", "helicopter", "guitar", "drum", "crown", "key",
    "bell", "balloon", "umbrella", "house", "castle", "tent", "snowman", "robot", "ghost", "alien", "hammer",
    "camera", "trophy", "scissors", "anchor", "volcano",
)  # fmt: skip
HUES = {"red": 0, "orange": 28, "yellow": 52, "green": 120, "blue": 215, "purple": 275, "pink": 325}  # degrees
COLOURS = (*HUES, "natural")
MOST = 4  # of a count
WAYS = ("alone", "beside", "over")


@dataclass(frozen=True)
class Wanted:
    """What a picture should show."""

    prompt: str
    kind: str  # "colour", "pair", "count"
    things: tuple[int, ...]  # indices into THINGS; of a pair over each other the upper one first
    colour: int = len(HUES)
    count: int = 1
    way: int = 0


def real(sources: Path) -> list[list[np.ndarray]]:
    """The real emoji of each thing in both styles, uint8 [64, 64, 3]."""
    named = {one.name: list(one.pictures.values()) for one in load_emoji(sources, SIDE)}
    return [named[thing] for thing in THINGS]


def places(sources: Path) -> list[int]:
    """Which emoji of the training set each thing is."""
    names = [one.name for one in load_emoji(sources, SIDE)]
    return [names.index(thing) for thing in THINGS]


def wanted(rng: np.random.Generator, places: list[int]) -> list[Wanted]:
    """The 200 prompts, of combinations that the model was never trained on."""
    asked: list[Wanted] = []
    while len(asked) < 80:
        thing, colour = int(rng.integers(len(THINGS))), len(asked) % len(HUES)
        if kept_apart(places[thing], TRAINED.index(COLOURS[colour])):
            asked.append(Wanted(f"{COLOURS[colour]} {THINGS[thing]}", "colour", (thing,), colour))
    while len(asked) < 160:
        a, b = (int(one) for one in rng.choice(len(THINGS), 2, replace=False))
        if kept_apart(places[a], places[b]):
            beside = len(asked) % 2
            words = f"a {THINGS[a]} and a {THINGS[b]}" if beside else f"a {THINGS[a]} on a {THINGS[b]}"
            asked.append(Wanted(words, "pair", (a, b), count=2, way=1 if beside else 2))
    while len(asked) < 200:
        thing, count = int(rng.integers(len(THINGS))), 2 + len(asked) % (MOST - 1)
        if kept_apart(places[thing], count):
            words = f"{('two', 'three', 'four')[count - 2]} {THINGS[thing]}s"
            asked.append(Wanted(words, "count", (thing,), count=count))
    return asked


# --- the judge ---------------------------------------------------------------------------------------------------


def recoloured(image: np.ndarray, colour: str, rng: np.random.Generator) -> np.ndarray:
    """An emoji in a hue: all that has one, or the half that has its main one."""
    hsv = np.array(Image.fromarray(image).convert("HSV"), np.int32)
    drawn = hsv[..., 1] > 40
    if drawn.any() and rng.random() < 0.5:
        main = np.median(hsv[..., 0][drawn])
        drawn &= np.abs((hsv[..., 0] - main + 128) % 256 - 128) < 45
    hsv[..., 0][drawn] = (HUES[colour] + rng.integers(-8, 9)) % 360 * 255 // 360
    hsv[..., 1][drawn] = np.maximum(hsv[..., 1][drawn], rng.integers(120, 200))
    return np.asarray(Image.fromarray(hsv.astype(np.uint8), "HSV").convert("RGB"))


def pasted(canvas: np.ndarray, image: np.ndarray, side: int, x: int, y: int) -> None:
    """An emoji of `side` pixels around (x, y), the darker pixel of both at each place; what is outside is cut off."""
    small = np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS))
    left, top = x - side // 2, y - side // 2
    at = slice(max(0, top), min(SIDE, top + side)), slice(max(0, left), min(SIDE, left + side))
    inside = slice(at[0].start - top, at[0].stop - top), slice(at[1].start - left, at[1].stop - left)
    opaque = small[inside].min(2, keepdims=True) < 235
    canvas[at] = np.where(opaque, small[inside], canvas[at])


def composite(one: Wanted, emoji: list[list[np.ndarray]], rng: np.random.Generator) -> np.ndarray:
    """A real picture of it, uint8 [64, 64, 3]."""

    def of(thing: int) -> np.ndarray:
        return emoji[thing][rng.integers(len(emoji[thing]))]

    canvas = np.full((SIDE, SIDE, 3), 255, np.uint8)
    jitter = rng.integers(-3, 4, 12)
    if one.kind == "colour":
        image = of(one.things[0])
        image = image if one.colour == len(HUES) else recoloured(image, COLOURS[one.colour], rng)
        pasted(canvas, image, int(rng.integers(46, 66)), 32 + jitter[0], 32 + jitter[1])
    elif one.kind == "count":
        side, style = int(rng.integers(20, 31)), rng.integers(2)
        image = emoji[one.things[0]][style % len(emoji[one.things[0]])]
        places = {
            2: [(17, 32), (47, 32)],
            3: [(32, 17), (17, 46), (47, 46)],
            4: [(17, 17), (47, 17), (17, 47), (47, 47)],
        }
        row = [(9 + 15 * i + (4 - one.count) * 7, 32) for i in range(one.count)]
        chosen, side = (row, 17) if rng.random() < 0.25 else (places[one.count], side)
        for i, (x, y) in enumerate(chosen):
            pasted(canvas, image, side, x + jitter[2 * i], y + jitter[2 * i + 1])
    else:
        a, b, sides = of(one.things[0]), of(one.things[1]), rng.integers(24, 38, 2)
        if one.way == 1:
            swap = rng.random() < 0.5
            pasted(canvas, b if swap else a, int(sides[0]), 17 + jitter[0], 34 + jitter[1])
            pasted(canvas, a if swap else b, int(sides[1]), 47 + jitter[2], 34 + jitter[3])
        else:
            pasted(canvas, b, int(sides[0]) + 4, 32 + jitter[0], 45 + jitter[1])
            pasted(canvas, a, int(sides[1]), 32 + jitter[2], 19 + jitter[3])
    return canvas


def some(rng: np.random.Generator) -> Wanted:
    """Something that a picture may show."""
    kind = ("colour", "pair", "pair", "count")[rng.integers(4)]
    a, b = (int(one) for one in rng.choice(len(THINGS), 2, replace=False))
    if kind == "colour":
        return Wanted("", kind, (a,), int(rng.integers(len(COLOURS))))
    if kind == "pair":
        return Wanted("", kind, (a, b), count=2, way=int(rng.integers(1, 3)))
    return Wanted("", kind, (a,), count=int(rng.integers(2, MOST + 1)))


def batch(rng: np.random.Generator, emoji: list[list[np.ndarray]], size: int) -> tuple[np.ndarray, list[Wanted]]:
    """Real composites of random combinations, as soft as drawn ones sometimes are."""
    asked = [some(rng) for _ in range(size)]
    images = np.stack([composite(one, emoji, rng) for one in asked])
    if rng.random() < 0.5:
        images = np.stack([np.asarray(Image.fromarray(image).reduce(2).resize((SIDE, SIDE), 2)) for image in images])
    return images, asked


class Judge:
    """The network, and what it says of pictures."""

    def __init__(self, steps: int, sources: Path, seed: int = 0) -> None:
        import torch
        from torch import nn
        from torch.nn import functional as F

        torch.manual_seed(seed)
        torch.set_num_threads(1)
        layers, width = [], 3
        for next_width, stride in ((32, 2), (64, 1), (64, 2), (128, 1), (128, 2), (192, 2)):
            layers += [nn.Conv2d(width, next_width, 3, stride, 1), nn.BatchNorm2d(next_width), nn.ReLU()]
            width = next_width
        self.heads = (len(THINGS), len(COLOURS), MOST + 1, len(WAYS))
        self.net = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(width * 16, sum(self.heads)))
        optimizer = torch.optim.AdamW(self.net.parameters(), 1.5e-3, weight_decay=0.02)
        plan = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps)
        rng, emoji = np.random.default_rng(seed), real(sources)
        for _ in range(steps):
            images, asked = batch(rng, emoji, 48)
            things, colour, count, way = self._say(images)
            present = torch.zeros(len(asked), len(THINGS))
            for row, one in enumerate(asked):
                present[row, list(one.things)] = 1.0
            loss = 10 * F.binary_cross_entropy_with_logits(things, present)
            for said, right in ((colour, "colour"), (count, "count"), (way, "way")):
                loss = loss + F.cross_entropy(said, torch.tensor([getattr(one, right) for one in asked]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            plan.step()
        self.net.eval()
        self.real = self.right(*batch(np.random.default_rng(seed + 1), emoji, 600))

    def _say(self, images: np.ndarray) -> tuple:
        import torch

        pictures = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        return self.net(pictures).split(self.heads, 1)

    def right(self, images: np.ndarray, asked: list[Wanted]) -> dict[str, float]:
        """The shares of pictures, uint8 [N, 64, 64, 3], that show all that was asked for, by kind and together."""
        import torch

        with torch.inference_mode():
            said = [part.numpy() for part in self._say(images)]
        hits: dict[str, list[bool]] = {}
        for row, one in enumerate(asked):
            order = said[0][row].argsort()[::-1][: len(one.things)]
            found = [part[row].argmax() for part in said[1:]]
            hit = set(order.tolist()) == set(one.things) and found[1] == one.count
            hit = (
                hit
                and (one.kind != "colour" or found[0] == one.colour)
                and (one.kind != "pair" or found[2] == one.way)
            )
            hits.setdefault(one.kind, []).append(bool(hit))
        shares = {kind: float(np.mean(found)) for kind, found in sorted(hits.items())}
        return shares | {"all": float(np.mean([hit for found in hits.values() for hit in found]))}


# --- drawing -----------------------------------------------------------------------------------------------------


def drawn(models: ImageModels, asked: list[Wanted], together: str) -> np.ndarray:
    """A picture of each prompt as drawn, styles taking turns, uint8 [N, 128, 128, 3]."""
    images = []
    for i, one in enumerate(asked):
        style = ("noto", "twemoji")[i // 2 % 2]
        config = ImageConfig.for_model("emoji", prompt=one.prompt, batch=1, seed=i, enlarge="1", together=together,
                                       style=style)  # fmt: skip
        images += [event.images[0] for event in generate(config, models) if isinstance(event, Pictures)]
    return np.stack(images)


def looked_at(images: np.ndarray) -> np.ndarray:
    """At the judge's size."""
    return np.stack([np.asarray(Image.fromarray(image).reduce(2)) for image in images])


def main() -> None:
    """Print how many of the 200 combinations are right, by the model alone and put together."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", type=Path, help="a folder that keeps the npm packages of the real emoji")
    parser.add_argument("--steps", type=int, default=1500, help="of the judge's training")
    parser.add_argument("--sheet", default="", help="a file for all 200 as put together")
    options = parser.parse_args()
    models, asked, found = ImageModels(), wanted(np.random.default_rng(0), places(options.sources)), {}
    for name, together in (("put_together", "yes"), ("alone", "no")):
        began = time.process_time()
        found[name] = drawn(models, asked, together)
        print(json.dumps({name: "drawn", "processor_s": round(time.process_time() - began, 1)}), flush=True)
    if options.sheet:
        rows = [np.concatenate(list(found["put_together"][at : at + 20]), 1) for at in range(0, 200, 20)]
        Image.fromarray(np.concatenate(rows)).save(options.sheet)
    judge = Judge(options.steps, options.sources)
    scores = {name: judge.right(looked_at(images), asked) for name, images in found.items()}
    print(json.dumps(scores | {"real_composites": judge.real}))


if __name__ == "__main__":
    main()
