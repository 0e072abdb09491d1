"""How good written quatrains are: form, rhyme, tones, and runs of characters copied from the text learnt from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engines.gpt_training.form import lines_of, prosody

RUN = 8  # characters; a longer copied run than a line of seven is no chance


@dataclass(frozen=True)
class Scores:
    """Shares from 0 to 1, of `count` texts."""

    count: int
    form: float  # four lines of five or of seven characters, punctuated right
    rhyme: float  # of those with form: lines 2 and 4 end in one rhyme group, on different characters
    tones: float  # of those with form: positions of lines 2 and 4 that the form settles
    copied: float  # of all: with a run of RUN or more characters from the text learnt from, punctuation left out
    different: float  # of all: texts that come once


def without_plan(text: str) -> str:
    """The poem itself, without what stands before a colon."""
    return text.rpartition("：")[2]


def plain(text: str) -> str:
    """Without a plan and without punctuation."""
    return re.sub(r"[，。]", "", without_plan(text))


class Copies:
    """All runs of RUN characters of some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.runs = {run for text in texts for run in _runs(plain(text))}

    def copied(self, text: str) -> bool:
        """Whether a run of RUN or more characters of this text is among them."""
        return any(run in self.runs for run in _runs(plain(text)))


def _runs(text: str) -> Iterable[str]:
    return (text[i : i + RUN] for i in range(len(text) - RUN + 1))


def score(poems: Sequence[str], copies: Copies | None = None) -> Scores:
    """The scores of written texts, with or without a plan before them."""
    formed = [lines for lines in (lines_of(without_plan(poem)) for poem in poems) if lines]
    judged = [prosody().judge(lines) for lines in formed]
    return Scores(
        count=len(poems),
        form=len(formed) / max(1, len(poems)),
        rhyme=sum(one.rhyme for one in judged) / max(1, len(judged)),
        tones=sum(one.tones for one in judged) / max(1, len(judged)),
        copied=sum(copies.copied(poem) for poem in poems) / max(1, len(poems)) if copies else float("nan"),
        different=len(set(poems)) / max(1, len(poems)),
    )
