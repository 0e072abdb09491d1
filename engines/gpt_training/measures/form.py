"""Whether a quatrain has its form: four lines of equal length, its rhyme, and its tones as the regulated form asks.

Tones are level (平) or oblique (仄). Lines 2 and 4 of a regulated quatrain end level, and their patterns are opposite
(Wang Li, 诗词格律): in seven characters ..平平 仄仄平平 against the reverse; in five the same without the first two.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from engines.data.cards import ASSETS

# Of the even lines, the two patterns; 0 is a position where either tone is good (一三五不论, but for the fifth).
PATTERNS = {5: ("0仄仄平平", "0平仄仄平"), 7: ("0平0仄仄平平", "0仄0平仄仄平")}
QUATRAIN = re.compile(r"([\u4e00-\u9fff]+)，([\u4e00-\u9fff]+)。([\u4e00-\u9fff]+)，([\u4e00-\u9fff]+)。")


@dataclass(frozen=True)
class Judged:
    """What a quatrain keeps of its form."""

    rhyme: bool  # lines 2 and 4 end in one rhyme group, on different characters
    level: bool  # and it is one of the level tone
    tones: float  # share of the positions of lines 2 and 4 that the form settles, from 0 to 1


class Prosody:
    """Tones and rhyme groups of characters; one that is in no list counts as of either tone, and rhymes with none."""

    def __init__(
        self, tones: Mapping[str, str], groups: Mapping[str, str], simplified: Mapping[str, str] | None = None
    ) -> None:
        """`tones`: character -> 平, 仄 or ○ for either; `groups`: name -> its characters, level ones with 平 in it.

        `simplified`: traditional character -> the simplified one that stands in the poems.
        """
        self.tones, self.groups, self.simplified = tones, groups, simplified or {}

    @cached_property
    def rhymes(self) -> dict[str, frozenset[str]]:
        """Character -> the names of its groups."""
        found: dict[str, set[str]] = {}
        for name, characters in self.groups.items():
            for character in characters:
                found.setdefault(character, set()).add(name)
        return {character: frozenset(names) for character, names in found.items()}

    def common(self, a: str, b: str) -> frozenset[str]:
        """The rhyme groups that both characters are in."""
        return self.rhymes.get(a, frozenset()) & self.rhymes.get(b, frozenset())

    def judge(self, lines: Sequence[str]) -> Judged:
        """Rhyme and tones of four lines of five or seven characters."""
        common = self.common(lines[1][-1], lines[3][-1]) if lines[1][-1] != lines[3][-1] else frozenset()
        first, second = PATTERNS[len(lines[0])]
        ways = [self._fit(lines[1], a) + self._fit(lines[3], b) for a, b in ((first, second), (second, first))]
        share = max(sum(way) / len(way) for way in ways)
        return Judged(bool(common), any("平" in name for name in common), share)

    def starts_level(self, lines: Sequence[str]) -> bool:
        """Whether the second character of line 2 is level in the pattern that fits better."""
        first, second = PATTERNS[len(lines[0])]
        level, oblique = (first, second) if first[1] == "平" else (second, first)
        fits = [sum(self._fit(lines[1], a) + self._fit(lines[3], b)) for a, b in ((level, oblique), (oblique, level))]
        return fits[0] > fits[1]

    def _fit(self, line: str, pattern: str) -> list[bool]:
        pairs = zip(line, pattern, strict=True)
        return [self.tones.get(c, "○") in ("○", tone) for c, tone in pairs if tone != "0"]


@lru_cache(maxsize=1)
def prosody() -> Prosody:
    """The bundled one."""
    data = json.loads((ASSETS / "poems" / "prosody.json").read_text("utf-8"))
    tones = {c: tone for tone, characters in data["tones"].items() for c in characters}
    return Prosody(tones, data["rhymes"], dict(zip(*data["simplified"], strict=True)))


def lines_of(text: str) -> tuple[str, ...] | None:
    """The four lines of a quatrain with its punctuation; None if it has not that form."""
    match = QUATRAIN.fullmatch(text)
    lines = match.groups() if match else ()
    return lines if lines and len(lines[0]) in PATTERNS and len({len(line) for line in lines}) == 1 else None
