"""What the bundled picture model understands of a prompt, in English or another language, without a network.

assets/emoji_words/words.json.xz is a table:
"emoji"   character -> its English name
"en"      the English words that the model was trained with
"zh" …    "names": an emoji's name in that language -> its English name; "words": a keyword -> an English word, "" for
          one that says nothing of a picture
"""

from __future__ import annotations

import difflib
import heapq
import json
import lzma
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path

from engines.data.cards import ASSETS

WORDS = ASSETS / "emoji_words" / "words.json.xz"
READ = 400  # characters of a prompt that are looked up
NEAR = 6  # names offered
ALIKE = 0.34  # share of letters that a name must have in common with what it is offered for
STRANGE = 4  # unknown words, if they are half of all, that make a prompt one of another language
LONGEST = 24  # characters of a word where none are between blanks
# Letters that only one language of the table has, the first that is met decides.
SCRIPTS = {
    "ja": "[\u3040-\u30ff]",
    "ko": "[\uac00-\ud7af\u1100-\u11ff]",
    "ru": "[\u0400-\u04ff]",
    "zh": "[\u3400-\u9fff]",
}
BLANKS = ("es", "fr", "de", "ru", "ko")  # languages that write blanks between words
ENDINGS = ("s", "es", "ing", "ed", "r", "er", "y")
GLUE = frozenset(
    (
        "a",
        "an",
        "the",
        "of",
        "and",
        "or",
        "in",
        "on",
        "with",
        "at",
        "to",
        "is",
        "are",
        "it",
        "its",
        "my",
        "some",
        "very",
    )
)
COLOURS = frozenset(("red", "orange", "yellow", "green", "blue", "purple", "pink", "gray", "black", "white", "brown"))
LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class Reading:
    """A prompt as the model is given it."""

    english: str  # "" if nothing is understood
    unread: tuple[str, ...] = ()  # words that say nothing to the model
    near: tuple[str, ...] = ()  # names it knows, as the prompt's language has them, the nearest first
    translated: bool = False  # whether `english` is other than what was written
    foreign: bool = False  # whether it was read as another language than English
    keywords: int = 0  # of which a foreign one was put together, colours and small words apart


@cache
def table_of(path: Path) -> Mapping[str, Mapping]:
    """The table, read once a process, without anything where the file is missing or damaged."""
    try:
        return json.loads(lzma.decompress(path.read_bytes()))
    except (OSError, ValueError, lzma.LZMAError):
        return {"emoji": {}, "en": []}


class Reader:
    """Reads prompts by the table, which all of them share."""

    def __init__(self, path: Path = WORDS) -> None:
        self.path = path

    @property
    def table(self) -> Mapping[str, Mapping]:
        """See `table_of`."""
        return table_of(self.path)

    @cached_property
    def english(self) -> frozenset[str]:
        """The English words that the model was trained with."""
        return frozenset(self.table["en"])

    def read(self, prompt: str) -> Reading:
        """What of the prompt the model understands, and in which English words.

        An English prompt stays as it is, whatever of it is known. In other languages the longest names and keywords
        are taken from left to right.
        """
        text = unicodedata.normalize("NFKC", prompt[:READ]).lower().replace("\ufe0f", "").strip()
        if not text:
            return Reading("")
        spoken = self._without_emoji(text)
        words = LETTERS.findall(spoken)
        language = next((name for name, letters in SCRIPTS.items() if re.search(letters, spoken)), "")
        if not language and (not words or any(word in self.english for word in words)):
            return self._english(prompt, spoken, words, translated=spoken != text)
        languages = [language] if language else [name for name in self.table if name not in ("emoji", "en", *SCRIPTS)]
        readings = [self._foreign(name, spoken) for name in languages if name in self.table]
        best = min(readings, key=lambda reading: len("".join(reading.unread)), default=Reading("", tuple(words)))
        foreign = language or 2 * len("".join(best.unread)) < len("".join(words))
        return best if foreign else self._english(prompt, spoken, words)

    def _without_emoji(self, text: str) -> str:
        """The text with the names of its emoji in their place."""
        names = self.table["emoji"]
        return " ".join("".join(f" {names[char]} " if char in names else char for char in text).split())

    def _english(self, prompt: str, spoken: str, words: list[str], translated: bool = False) -> Reading:
        unread = tuple(dict.fromkeys(w for w in words if w not in self.english | GLUE and not self._is_form(w)))
        if words and not any(map(is_latin, words)):
            return Reading("", unread, foreign=True)
        known = [word for word in words if word not in unread and word not in GLUE]
        near = self._near_english(known, unread) if unread else ()
        foreign = len(unread) >= STRANGE and 2 * len(unread) >= len(set(words))
        return Reading(spoken if translated else prompt, unread if words else (spoken,), near, translated, foreign)

    def _is_form(self, word: str) -> bool:
        """Whether it is a word that is known, with an ending."""
        stems = (word[: -len(end)] for end in ENDINGS if word.endswith(end))
        return any(stem in self.english or f"{stem}e" in self.english for stem in stems)

    def _near_english(self, known: list[str], unread: tuple[str, ...]) -> tuple[str, ...]:
        """Names with a word of the prompt, or one spelt almost as its first unread words, not all: that takes long."""
        spelt = (near for word in unread[:NEAR] for near in difflib.get_close_matches(word, self.english, 3, 0.75))
        meant = [*known, *spelt]
        names = list(dict.fromkeys(self.table["emoji"].values()))
        found = [name for word in meant for name in names if word in name.split()]
        return tuple(dict.fromkeys(found))[:NEAR]

    # --- other languages -------------------------------------------------------------------------------------

    def _foreign(self, language: str, text: str) -> Reading:
        names = self.table[language]["names"]
        if text in names:
            return Reading(names[text], translated=True, foreign=True, keywords=1)
        english: list[str] = []
        unread: list[str] = []
        for piece, meant in self._pieces(language, text):
            if meant is None:
                unread.append(piece)
            elif meant and meant not in english[-1:]:
                english.append(meant)
        near = self._near(language, text, unread) if unread or not english else ()
        keywords = sum(meant not in COLOURS | GLUE for meant in english)
        return Reading(" ".join(in_order(english)), tuple(dict.fromkeys(unread)), near, True, True, keywords)

    def _pieces(self, language: str, text: str) -> Iterator[tuple[str, str | None]]:
        """(piece, its English, "" for none, None if unknown), the longest known pieces from left to right."""
        pieces, at = [], 0
        while at < len(text):
            pieces.append(self._piece(language, text, at))
            at += len(pieces[-1][0])
        unknown = [meant is None and piece.isalpha() for piece, meant in pieces]
        for i, (piece, meant) in enumerate(pieces):  # one letter beside unknown ones is a part of their word
            if len(piece) == 1 and meant and meant not in COLOURS and any(unknown[max(0, i - 1) : i + 2]):
                unknown[i] = True
        for is_unknown, group in groupby(zip(pieces, unknown, strict=True), key=lambda pair: pair[1]):
            found = [pair[0] for pair in group]
            if is_unknown:
                yield "".join(piece for piece, _ in found), None
            else:
                yield from ((piece, meant) for piece, meant in found if meant is not None)

    def _piece(self, language: str, text: str, at: int) -> tuple[str, str | None]:
        """(the longest known piece that begins here, its English); (a letter or a foreign word, None) if none is."""
        names, words = self.table[language]["names"], self.table[language]["words"]
        for end in range(min(len(text), at + LONGEST), at, -1):
            piece = text[at:end]
            if (piece in names or piece in words) and is_whole(text, at, end, language in BLANKS):
                return piece, names.get(piece, words.get(piece))
        word = LETTERS.match(text, at)
        if word and (language in BLANKS or word.group().isascii()):
            return word.group(), word.group() if word.group() in self.english else None
        return text[at : at + 1], None

    def _near(self, language: str, text: str, unread: list[str]) -> tuple[str, ...]:
        """Names that have most letters in common with what was not understood, else with the prompt."""
        wanted = set("".join(unread) or text) - set(" ")
        names = self.table[language]["names"]
        shared = {name: len(wanted & set(name)) / len(wanted | set(name)) for name in names}
        return tuple(heapq.nlargest(NEAR, (name for name in names if shared[name] >= ALIKE), key=shared.get))


def by_meaning(read: Reading, known: Container[str]) -> bool:
    """Whether a prompt in another language says more than names, of those `known`, or one keyword: word by word it
    would lose its sense.

    >>> by_meaning(Reader().read("会飞的哺乳动物"), {"bat"})
    True
    """
    phrase = " ".join(read.english.lower().split())
    bare = " ".join(word for word in phrase.split() if word not in COLOURS)
    put_together = read.keywords > 1 and phrase not in known and bare not in known
    return read.foreign and (bool(read.unread) or put_together)


def is_whole(text: str, start: int, end: int, blanks: bool) -> bool:
    """Whether no word is cut at either place; where none are between blanks, only those of the Latin script count."""

    def within(at: int) -> bool:
        return 0 < at < len(text) and all(c.isalpha() and (blanks or c.isascii()) for c in text[at - 1 : at + 1])

    return not within(start) and not within(end)


def is_latin(word: str) -> bool:
    """Whether its first letter is one of the Latin script."""
    return unicodedata.name(word[0], "").startswith("LATIN")


def in_order(words: list[str]) -> list[str]:
    """English words as one says them: a colour before what it colours."""
    colours = [word for word in words if word in COLOURS]
    return words if len(colours) != 1 else colours + [word for word in words if word not in COLOURS]
