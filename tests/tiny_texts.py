"""Short made-up reviews that a tiny model can learn to tell apart, as the table a visitor would upload."""

from __future__ import annotations

import random
from pathlib import Path

from tests.tiny_models import save_bert

PLAIN = ("the", "a", "film", "story", "was", "is", "very", "quite", "and", "it", "seemed", "music", "plot")
TELLING = {"good": ("great", "lovely", "superb"), "bad": ("awful", "boring", "dire"), "odd": ("weird", "strange")}
WORDS = (*PLAIN, *(word for words in TELLING.values() for word in words))


def rows(labels: tuple[str, ...] = ("bad", "good"), count: int = 120, seed: int = 0) -> list[tuple[str, str]]:
    """(text, label): plain words and three that tell the label, no text twice."""
    draw = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        label = labels[len(found) % len(labels)]
        words = [*draw.choices(PLAIN, k=draw.randint(2, 8)), *draw.choices(TELLING[label], k=3)]
        draw.shuffle(words)
        found[" ".join(words)] = label
    return list(found.items())


def save_table(path: Path, *args, **kwargs) -> str:
    """`rows` as a CSV; returns its path."""
    lines = ["text,label", *(f"{text},{label}" for text, label in rows(*args, **kwargs))]
    path.write_text("\n".join(lines), "utf-8")
    return str(path)


def save_encoder(
    cache: Path, name: str = "all-MiniLM-L6-v2", distil: bool = False, context: int = 64, width: int = 32
) -> None:
    """A tiny encoder in the cache, in the place of a real one; it reads `context` tokens and has `width` features."""
    folder = cache / "models" / name
    folder.mkdir(parents=True)
    save_bert(folder, WORDS, distil, context, width)
