"""Labels and folder names: what reads alike is one, what only looks alike stays apart and is told."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Marks without width, fillers that look blank, and how a character is to be drawn.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]"
)
FILLERS = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
# Joiners change what Arabic or Indic letters and emoji look like; elsewhere nobody sees them.
JOINERS = re.compile(
    "(?<![\u0600-\u0eff\u2190-\u2bff\U0001f000-\U0001faff])[\u200c\u200d]|[\u200c\u200d](?![\u0600-\u0eff\u2190-\u2bff\U0001f000-\U0001faff])"
)
CONTROLS = re.compile("[\0-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
# Letters of other alphabets that look like Latin ones.
LOOKALIKES = str.maketrans(
    "авекмнорстухіјѕһԁԛԝьαβεηικμνορτυχγ‐‑‒–—―−_’‘ʼ`´“”",
    "abekmhopctyxijshdqwbabenikuvoptuxy------- '''''\"\"",
)


@dataclass(frozen=True)
class Labels:
    """Labels made one where they read alike."""

    names: tuple[str, ...]  # one for each that was given; "" for a blank one
    merged: tuple[tuple[str, ...], ...] = ()  # (name, *its other spellings), as they were written
    alike: tuple[tuple[str, ...], ...] = ()  # names that look alike and stay apart


def tidy_label(label: str) -> str:
    """A label without what nobody sees: blanks of all kinds, invisible characters, how letters are composed."""
    label = CONTROLS.sub("", JOINERS.sub("", INVISIBLE.sub("", FILLERS.sub(" ", label))))
    return " ".join(unicodedata.normalize("NFC", label).split())


def is_blank(text: str) -> bool:
    """Whether nobody sees anything of a text."""
    return not text.strip() or (not text.isascii() and len(text) < 100 and not tidy_label(text))


def label_key(label: str) -> str:
    """The same for labels that read alike: those that differ in what tidy_label removes, or in width."""
    return tidy_label("".join(map(_narrow, tidy_label(label))))


def one_of_each(labels: Sequence[str]) -> Labels:
    """The labels with one name, the commonest spelling, for all that read alike."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    keys = {label: label_key(label) for label in dict.fromkeys(labels)}
    for label in labels:
        spellings[keys[label]][label] += 1
    names = {key: _name(key, written) for key, written in spellings.items()}
    merged = tuple((names[key], *sorted(written)) for key, written in spellings.items() if key and len(written) > 1)
    return Labels(tuple(names[keys[label]] for label in labels), merged, look_alikes(filter(None, names.values())))


def _name(key: str, written: Counter[str]) -> str:
    """The commonest of the tidied spellings; of equally common ones that without wide letters, then the first."""
    tidied: Counter[str] = Counter()
    for label, count in written.items():
        tidied[tidy_label(label)] += count
    return min(tidied, key=lambda label: (-tidied[label], label != key, label))


def natural_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels in the order of their numbers if all are numbers, else of the alphabet."""
    labels = sorted(labels, key=lambda label: (label.casefold(), label))
    try:
        return tuple(sorted(labels, key=float))
    except ValueError:
        return tuple(labels)


def look_alikes(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of names that differ only in case, dashes, kinds of quotes, how a number is written, or alphabets."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(set(names)):
        groups[_skeleton(name)].append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _skeleton(name: str) -> str:
    try:
        return str(float(name))
    except ValueError:
        folded = unicodedata.normalize("NFKC", name).casefold().translate(LOOKALIKES)
        return re.sub(r"(?<=\S)[\s-]+(?=\S)", " ", folded)


def _narrow(char: str) -> str:
    """A wide or narrow form as the ordinary character."""
    kind, _, code = unicodedata.decomposition(char).partition("> ")
    return "".join(chr(int(part, 16)) for part in code.split()) if kind in ("<wide", "<narrow") else char
