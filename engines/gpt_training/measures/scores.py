"""How good written texts are: of quatrains form, rhyme and tones, of others known words; and what is copied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engines.gpt_training.measures.copies import RUN, Copies
from engines.gpt_training.measures.form import lines_of, prosody
from engines.gpt_training.text.poems import without_plan

WORD = re.compile(r"[^\W\d_]+")
SPACED = 0.05  # share of spaces from which a text is of words between spaces


@dataclass(frozen=True)
class Scores:
    """Shares from 0 to 1, of `count` quatrains."""

    count: int
    form: float  # four lines of five or of seven characters, punctuated right
    rhyme: float  # of those with form: lines 2 and 4 end in one rhyme group, on different characters
    tones: float  # of those with form: positions of lines 2 and 4 that the form settles
    copied: float  # of all: with a run of RUN or more characters from the text learnt from, punctuation left out
    different: float  # of all: texts that come once


def plain(text: str) -> str:
    """Without a plan and without punctuation."""
    return re.sub(r"[，。]", "", without_plan(text))


def score(poems: Sequence[str], copies: Copies | None = None) -> Scores:
    """The scores of written quatrains, with or without a plan before them; `copies` of plain ones."""
    formed = [lines for lines in (lines_of(without_plan(poem)) for poem in poems) if lines]
    judged = [prosody().judge(lines) for lines in formed]
    copied = sum(len(copies.longest(plain(poem))) >= RUN for poem in poems) if copies else float("nan")
    return Scores(
        count=len(poems),
        form=len(formed) / max(1, len(poems)),
        rhyme=sum(one.rhyme for one in judged) / max(1, len(judged)),
        tones=sum(one.tones for one in judged) / max(1, len(judged)),
        copied=copied / max(1, len(poems)),
        different=len(set(poems)) / max(1, len(poems)),
    )


def worth(poem: str, copies: Copies | None = None) -> tuple[float, ...]:
    """How good a quatrain is beside others, the larger the better: form first, then the rhyme, then tones."""
    one = score([poem], copies)
    return one.form, -one.copied if copies else 0.0, one.rhyme, one.tones


class Words:
    """The words of a text, of letters between other signs."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._known = {word.casefold() for text in texts for word in WORD.findall(text)}

    @staticmethod
    def useful(texts: Sequence[str]) -> bool:
        """Whether these have words between spaces."""
        return sum(text.count(" ") for text in texts) > SPACED * sum(map(len, texts))

    def share(self, texts: Sequence[str]) -> float:
        """The share of the words of `texts` that are known, from 0 to 1; the last of each, often cut, is left out."""
        words = [word.casefold() for text in texts for word in WORD.findall(text)[:-1]]
        return sum(word in self._known for word in words) / max(1, len(words))
