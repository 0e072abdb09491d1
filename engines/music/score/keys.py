"""Keys and modes as ABC names them: G, Gm, Ador, Dmix; their signatures and scales."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

LETTERS = "CDEFGAB"
STEPS = dict(zip(LETTERS, (0, 2, 4, 5, 7, 9, 11), strict=True))  # half tones above C
SHARPS = "FCGDAEB"  # in the order in which a signature takes them; flats the other way round
# Mode -> how many sharps fewer its signature has than that of the major key on the same note.
MODES = {"": 0, "ion": 0, "maj": 0, "m": 3, "min": 3, "aeo": 3, "mix": 1, "dor": 2, "phr": 4, "lyd": -1, "loc": 5}
USUAL = {"ion": "", "maj": "", "min": "m", "aeo": "m"}  # one name for each
MOST = 7  # sharps or flats
MAJOR = ("C", "G", "F", "D", "Bb", "A", "Eb", "E", "Ab", "B", "Db", "F#")  # the fewest signs first
ENDINGS = {
    "m": 5,
    "dor": 1,
    "mix": 4,
}  # mode -> the degree, from 0, of its signature's major scale that is its tonic
KEY = re.compile(r"([A-G])([#b]?) *([A-Za-z]*)")


@dataclass(frozen=True)
class Key:
    """A tonic such as F# and a mode of MODES."""

    tonic: str
    mode: str = ""

    def __str__(self) -> str:
        return self.tonic + self.mode

    @classmethod
    def of(cls, text: str) -> Key | None:
        """The key that ABC's K: field names, C for none and those of the pipes; None if it is no key."""
        text = re.sub(r"\s+\w+=.*", "", text).strip()  # a clef and the like
        if text.lower() in ("", "none", "hp"):
            return cls("C")
        match = KEY.match(text)
        mode = "m" if match and match[3] == "m" else match[3][:3].lower() if match else ""
        found = cls(match[1] + match[2], USUAL.get(mode, mode)) if match and mode in MODES else None
        return found if found and abs(found.sharps) <= MOST else None

    @property
    def sharps(self) -> int:
        """In the signature; flats are negative."""
        alone = SHARPS.index(self.tonic[0]) - 1 + 7 * (self.tonic[1:] == "#") - 7 * (self.tonic[1:] == "b")
        return alone - MODES[self.mode]

    @cached_property
    def signature(self) -> dict[str, int]:
        """Letter -> half tones by which the signature moves it."""
        raised = SHARPS[: max(0, self.sharps)]
        lowered = SHARPS[::-1][: max(0, -self.sharps)]
        return {letter: (letter in raised) - (letter in lowered) for letter in LETTERS}

    @cached_property
    def scale(self) -> frozenset[int]:
        """Its pitch classes; of a minor key also the raised sixth and seventh."""
        own = {(STEPS[letter] + moved) % 12 for letter, moved in self.signature.items()}
        return frozenset(own | ({(self.home + 9) % 12, (self.home + 11) % 12} if self.mode == "m" else set()))

    @property
    def home(self) -> int:
        """The pitch class of the tonic, from 0 for C."""
        return (STEPS[self.tonic[0]] + (self.tonic[1:] == "#") - (self.tonic[1:] == "b")) % 12


def heard_key(pitches: Sequence[int]) -> Key:
    """The key of a melody, MIDI pitches in their order: the signature with most of them, the mode by the last one."""
    heard = Counter(pitch % 12 for pitch in pitches)
    last = pitches[-1] % 12 if pitches else -1
    major = max(map(Key, MAJOR), key=lambda key: (sum(heard[pitch] for pitch in key.scale), key.home == last))
    for mode, degree in ENDINGS.items():
        letter = LETTERS[(LETTERS.index(major.tonic[0]) + degree) % len(LETTERS)]
        key = Key(letter + {1: "#", 0: "", -1: "b"}[major.signature[letter]], mode)
        if last == key.home:
            return key
    return major
