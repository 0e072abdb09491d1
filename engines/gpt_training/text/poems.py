"""The bundled quatrains."""

from __future__ import annotations

import lzma

from engines.data.cards import ASSETS
from engines.gpt_training.measures.form import Prosody, lines_of, prosody

MARKS = "，。，。"
PLAN = 4  # characters of a plan


def poems() -> list[str]:
    """All with their punctuation, 60,000."""
    with lzma.open(ASSETS / "poems" / "poems.txt.xz", "rt", encoding="utf-16-le") as file:
        return [punctuated(line) for line in file.read().split("\n")]


def punctuated(characters: str) -> str:
    """Four lines of equal length with ，。，。 after them."""
    length = len(characters) // 4
    return "".join(characters[i * length : (i + 1) * length] + MARKS[i] for i in range(4))


def plan_of(poem: str, prosody: Prosody) -> str:
    """What a quatrain is to become, such as 七平东：, for its seven characters, a level start and the rhyme group.

    Start is the tone of the second character of line 1 in the form, as the handbooks name it: the opposite of
    line 2's.
    """
    lines = lines_of(poem)
    names = [name for name in prosody.common(lines[1][-1], lines[3][-1]) if "平" in name]
    start = "仄" if prosody.starts_level(lines) else "平"
    return f"{'五' if len(lines[0]) == 5 else '七'}{start}{min(names)[-1] if names else '韵'}："


def planned_poems() -> list[str]:
    """All, each after its plan."""
    return [plan_of(poem, prosody()) + poem for poem in poems()]


def without_plan(text: str) -> str:
    """The poem itself, without what stands before a colon."""
    return text.rpartition("：")[2]
