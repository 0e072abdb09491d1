"""How good the bundled model is: does a generated picture look most like the emoji that was asked for?

    python -m engines.image_generation.evaluate FOLDER [--sources DIR]

The nearest picture is the one with the least mean squared difference at 32 px among all emoji of both styles.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engines.data.cards import ASSETS
from engines.image_generation.config import ImageConfig
from engines.image_generation.emoji.pictures import STYLES, Emoji, held_out, load_emoji

if TYPE_CHECKING:
    from engines.image_generation.emoji.model import EmojiModel

DESCRIBED = ASSETS / "emoji_prior" / "descriptions.json"
IN_CHINESE = DESCRIBED.with_name("descriptions_zh.json")
COMPARED = 32  # pixels on a side at which pictures are compared
CELL = 128  # pixels on a side of a picture of the contact sheet
Make = Callable[..., np.ndarray]  # (prompts, styles, seed, settings by name) -> uint8 [N, S, S, 3]

# The contact sheet: 40 names, 8 descriptions, and 16 things in a colour that no emoji shows them in.
NAMES = (
    "pizza", "red apple", "cat face", "dog face", "rocket", "sailboat", "guitar", "hamburger", "sunflower", "octopus",
    "crown", "house", "smiling face with sunglasses", "ghost", "robot", "unicorn", "soccer ball", "umbrella", "cactus",
    "owl", "strawberry", "bicycle", "birthday cake", "snowman", "rainbow", "volcano", "turtle", "butterfly", "avocado",
    "violin", "airplane", "panda", "penguin", "rose", "mushroom", "hot beverage", "key", "castle", "whale", "doughnut",
)  # fmt: skip
DESCRIPTIONS = (
    "a happy face", "someone who is crying", "a scary monster", "a bird that cannot fly", "a slice of fruit", "music",
    "a fast car", "winter clothes",
)  # fmt: skip
COLOURED = (
    "purple pizza", "green fox", "pink elephant", "orange whale", "red frog", "yellow octopus", "blue strawberry",
    "purple tiger", "green rocket", "pink robot", "blue rose", "green crown", "orange butterfly", "purple cactus",
    "red penguin", "pink guitar",
)  # fmt: skip
SHEET = (*NAMES, *DESCRIPTIONS, *COLOURED)
# The sheet of several things, that no emoji shows together, or coloured as none is; half of it in Chinese.
COMBINED = (
    "two dogs", "three apples", "a cat riding a bicycle", "house in the snow", "blue apple", "a cat and a dog",
    "purple elephant", "rabbit under a tree", "owl on a book", "robot in front of a castle", "rainbow over mountain",
    "four bananas", "penguin on a rocket", "pink whale", "a fish in a bowl", "turtle on the beach",
    "两只熊猫", "三只蝴蝶", "骑自行车的猫", "雪中的房子", "蓝色的苹果", "猫和狗", "紫色的大象", "树下的兔子",
    "书上的猫头鹰", "房子前的汽车", "山上的彩虹", "四个香蕉", "火箭上的企鹅", "粉色的鲸鱼", "戴帽子的熊", "戴皇冠的猫",
)  # fmt: skip


def small(images: np.ndarray) -> np.ndarray:
    """uint8 [N, S, S, 3] at 32 px as rows, float32 [N, 3072] in 0..1."""
    resized = [Image.fromarray(image).resize((COMPARED, COMPARED), Image.Resampling.BOX) for image in images]
    return np.stack([np.asarray(picture, np.float32).ravel() / 255 for picture in resized])


def nearest(images: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """For each picture the index of the nearest row of `gallery`, which `small` made."""
    rows = small(images)
    squared = (gallery**2).sum(1) - 2 * rows @ gallery.T  # the rows' own squares change no order
    return squared.argmin(1)


def shares(
    make: Make, emoji: Sequence[Emoji], prompts: Sequence[str], meant: Sequence[Collection[str]]
) -> tuple[float, float]:
    """How often, from 0 to 1, the nearest emoji is one of those meant, by name, and one of the nearest five is.

    The styles take turns.
    """
    gallery = small(np.concatenate([[one.pictures[style] for one in emoji] for style in STYLES]))
    names = [one.name for one in emoji]
    rows = small(make(prompts, [list(STYLES)[i % len(STYLES)] for i in range(len(prompts))], 0))
    squared = (gallery**2).sum(1) - 2 * rows @ gallery.T
    order = squared.reshape(len(prompts), len(STYLES), -1).min(1).argsort(1)[:, :5]
    right = [[names[i] in wanted for i in row] for row, wanted in zip(order, meant, strict=True)]
    return float(np.mean([row[0] for row in right])), float(np.mean([any(row) for row in right]))


def fidelity(make: Make, emoji: Sequence[Emoji], chosen: Sequence[int], prompts: Sequence[str]) -> float:
    """How often, from 0 to 1, the nearest picture is of the emoji that was asked for; styles take turns."""
    return shares(make, emoji, prompts, [{emoji[i].name} for i in chosen])[0]


def scores(make: Make, emoji: Sequence[Emoji]) -> dict[str, float]:
    """Fidelity to 200 names, to the same emoji by keywords alone, never seen in training, and to descriptions.

    Both by the prior and as they stand; descriptions in Chinese by the prior alone, since the table reads few.
    """
    chosen = held_out(len(emoji)).tolist()
    described = [emoji[i] for i in chosen if emoji[i].keywords]
    wordings = {
        "unseen_wording": (
            [", ".join(one.keywords[:6]) for one in described],
            [{one.name} for one in described],
        ),
    }
    for language, file in (("", DESCRIBED), ("_zh", IN_CHINESE)):
        said = json.loads(file.read_text("utf-8"))
        wordings[f"descriptions{language}"] = (list(said), list(said.values()))
    found = {"fidelity": fidelity(make, emoji, chosen, [emoji[i].name for i in chosen]), "names": len(chosen)}
    for kind, (prompts, meant) in wordings.items():
        ways = {"": make, "_as_it_stands": partial(make, wording="plain")}
        for way, drawn in list(ways.items())[: 1 if kind.endswith("zh") else 2]:
            first, five = shares(drawn, emoji, prompts, meant)
            found |= {f"fidelity_{kind}{way}": first, f"fidelity_{kind}{way}_top5": five}
    return {name: round(value, 4) for name, value in found.items()}


def put_together(model: EmojiModel) -> Make:
    """Makes each prompt's picture as the page does, several things by a plan; uint8 [N, 128, 128, 3]."""
    from engines.image_generation.emoji.prompts import drain

    def make(prompts: Sequence[str], styles: Sequence[str], seed: int) -> np.ndarray:
        wanted = [
            ImageConfig.for_model(model.card.id, prompt=prompt, style=style, seed=seed + i, batch=1)
            for i, (prompt, style) in enumerate(zip(prompts, styles, strict=True))
        ]
        return np.concatenate([drain(model.draw(config))[0] for config in wanted])

    return make


def contact_sheet(
    make: Make, prompts: Sequence[str] = SHEET, columns: int = 8, font: Path | None = None
) -> Image.Image:
    """The prompts' pictures with their prompts below, in this font, styles taking turns by row."""
    letters = ImageFont.truetype(font, 10) if font else ImageFont.load_default(10)
    styles = [list(STYLES)[(i // columns) % len(STYLES)] for i in range(len(prompts))]
    images = make(prompts, styles, 0)
    cell, words = CELL, 28
    sheet = Image.new("RGB", (columns * cell, -(-len(prompts) // columns) * (cell + words)), "white")
    pen = ImageDraw.Draw(sheet)
    for i, (image, prompt) in enumerate(zip(images, prompts, strict=True)):
        x, y = i % columns * cell, i // columns * (cell + words)
        sheet.paste(Image.fromarray(image).resize((cell, cell), Image.Resampling.LANCZOS), (x, y))
        pen.multiline_text((x + 4, y + cell), _wrapped(prompt), fill="black", font=letters, spacing=1)
    return sheet


def _wrapped(prompt: str, width: int = 24) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(prompt, width)[:2])


def main() -> None:
    """Score a trained model, write the scores into its card, and draw its contact sheet."""
    from engines.image_generation.emoji.model import EmojiModel

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the model's folder, with its card")
    parser.add_argument("--sources", type=Path, required=True, help="a folder that keeps the npm packages")
    parser.add_argument("--font", type=Path, help="a font that has Chinese, for what stands under the pictures")
    options = parser.parse_args()
    model = EmojiModel.load(options.folder)
    card_path = options.folder / "card.json"
    card = json.loads(card_path.read_text("utf-8"))
    card["scores"] = scores(model.make, load_emoji(options.sources, card["size"]))
    card_path.write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")
    contact_sheet(model.make).save(options.folder / "contact_sheet.webp", quality=85)
    several = contact_sheet(put_together(model), COMBINED, font=options.font)
    several.save(options.folder / "combinations.webp", quality=85)
    print(json.dumps(card["scores"]))


if __name__ == "__main__":
    main()
