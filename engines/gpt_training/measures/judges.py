"""What is asked of what a model writes, by a judge for each kind of text: its starts, how many, and which scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from engines.gpt_training.config import NAMES, OF_TUNES, POEMS, GptConfig
from engines.gpt_training.measures.scores import Words, plain, score
from engines.gpt_training.text.corpus import Corpus
from engines.gpt_training.text.vocabulary import END
from engines.music.measures import tunes

BEGIN = 12  # characters of a given start of a long text
REACH = 3  # letters in a row by which a name is called plausible


class Judge(Protocol):
    """How texts of a kind are shown and judged."""

    starts: tuple[str, ...]  # of those shown
    count: int  # texts that are judged at a time

    def plain(self, text: str) -> str:
        """What counts of a text where copies are looked for."""

    def scores(self, texts: Sequence[str]) -> dict[str, float]:
        """Shares from 0 to 1 by their names."""


class Poems:
    """Of quatrains form, rhyme and tones."""

    starts: ClassVar = ("", "", "", "", "", "春", "月")
    count: ClassVar = 32
    plain = staticmethod(plain)

    @staticmethod
    def scores(texts: Sequence[str]) -> dict[str, float]:
        """See measures/scores.py."""
        found = score(texts)
        return {"Form": found.form, "Rhyme": found.rhyme, "Tones": found.tones}


class Tunes:
    """Of tunes bars that add up, notes in key, and an end on the tonic."""

    starts: ClassVar = ("", "", "[M:6/8][K:D]", "[M:4/4][K:G]", "[M:2/4][K:A]", "[M:9/8][K:G]")
    count: ClassVar = 8

    @staticmethod
    def plain(text: str) -> str:
        """Without metre and key."""
        return text.rpartition("]")[2]

    @staticmethod
    def scores(texts: Sequence[str]) -> dict[str, float]:
        """See engines/music/measures/tunes.py."""
        found = tunes.score(texts)
        return {"Bars add up": found.bars, "Notes in key": found.in_key, "Ends on tonic": found.closes}


class CountedTunes(Tunes):
    """Of tunes that say before how many bars they have, besides how often that is true."""

    starts: ClassVar = ("", "", "[M:6/8][K:D][N:8]", "[M:4/4][K:G][N:12]", "[M:2/4][K:A][N:16]", "[M:6/8][K:G][N:24]")

    @staticmethod
    def scores(texts: Sequence[str]) -> dict[str, float]:
        """See engines/music/measures/tunes.py."""
        return {**Tunes.scores(texts), "As long as said": tunes.as_long_as_said(texts)}


class Names:
    """Of names how many are new, and how many are plausible: all their letters, three in a row, stand so in a name."""

    starts: ClassVar = ("",) * 8 + ("A", "Ch", "Mar", "Z")
    count: ClassVar = 64

    def __init__(self, names: Sequence[str]) -> None:
        self._known = set(names)
        self._triples = {triple for name in names for triple in _triples(name)}

    @staticmethod
    def plain(text: str) -> str:
        """As it is."""
        return text

    def scores(self, texts: Sequence[str]) -> dict[str, float]:
        """New: in no list. Plausible: all three letters in a row, its begin and end counted, stand in a known name."""
        new = sum(bool(text) and text not in self._known for text in texts)
        plausible = sum(bool(text) and self._triples.issuperset(_triples(text)) for text in texts)
        return {"New names": new / max(1, len(texts)), "Plausible": plausible / max(1, len(texts))}


class Prose:
    """Of other texts known words, where there are blanks between words."""

    count = 4

    def __init__(self, learnt: Sequence[str], held: Sequence[str]) -> None:
        self._words = Words(learnt) if Words.useful(learnt) else None
        begin = max(held, key=len)[:BEGIN]
        begin = begin if " " not in begin else begin.rpartition(" ")[0]
        self.starts = (*("",) * (self.count - 1), begin.strip())

    @staticmethod
    def plain(text: str) -> str:
        """As it is."""
        return text

    def scores(self, texts: Sequence[str]) -> dict[str, float]:
        """See Words."""
        return {"Words known": self._words.share(texts)} if self._words else {}


def judge_of(config: GptConfig, corpus: Corpus) -> Judge:
    """The judge of what a config's model writes."""
    if config.data == POEMS:
        return Poems()
    if config.data in OF_TUNES:
        return CountedTunes() if config.bars else Tunes()
    if config.data == NAMES:
        return Names((*corpus.train_texts, *corpus.held_texts))
    return Prose(corpus.train_texts, corpus.held_texts)


def _triples(name: str) -> list[str]:
    framed = f"{END}{name}{END}"
    return [framed[i : i + REACH] for i in range(len(framed) - REACH + 1)]
