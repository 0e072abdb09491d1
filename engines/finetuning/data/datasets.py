"""Labelled examples to learn from: the bundled sets, their split and what a person should know of them."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from engines.data.cards import ASSETS, TEXT_DATASETS
from engines.data.pictures import load_bundled
from engines.data.tables.cells import Table
from engines.data.tables.labels import look_alikes
from engines.data.uploads import LeftOut
from engines.finetuning.data.tables import LabelledTexts, label_texts, read_table
from engines.messages import ConfigError, Message

EXAMPLES = 5  # rows of a summary
PICTURE_DATASETS = ("fashion_mnist",)


@dataclass(frozen=True, eq=False)
class LabelledPictures:
    """Square pictures of at least two classes; no picture comes twice."""

    name: str
    images: np.ndarray  # uint8 [N, H, W, C], C 1 (gray) or 3 (RGB)
    labels: np.ndarray  # int64 [N]
    label_names: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()  # files that could not be read
    duplicates: int = 0  # pictures left out because the same one of the same class came before
    conflicts: int = 0  # pictures left out because the same one is in another class too
    notes: tuple[Message, ...] = ()  # what else a person should know of them
    parts: tuple[str, ...] = ()  # of the split that the folders tell, one a picture; none if they tell none

    def __len__(self) -> int:
        return len(self.images)


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of a dataset, int64, in three parts without a row in common, each in a mixed order."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class DataSummary:
    """A dataset in plain values."""

    rows: int
    per_label: tuple[tuple[str, int], ...]  # (label, its rows)
    empty: int
    duplicates: int
    conflicts: int
    train: int
    validation: int
    test: int
    majority_share: float  # the accuracy of always guessing the commonest label, from 0 to 1
    examples: tuple[tuple[str, str], ...]  # (text, label) of the first rows; a picture is shown as its row's number
    left_out: tuple[LeftOut, ...] = ()  # picture files
    notes: tuple[Message, ...] = ()  # what else to know
    damaged: int = 0  # rows left out because a character of the label could not be decoded
    where: Mapping[str, tuple[int, ...]] = field(default_factory=dict)  # "empty", … -> the first lines left out so
    merged: tuple[tuple[str, ...], ...] = ()  # (label, *how it was written), of those that read alike
    alike: tuple[tuple[str, ...], ...] = ()  # labels that look alike and stay apart
    untested: tuple[str, ...] = ()  # labels with no row in the test part


def split(labels: np.ndarray, seed: int, validation: float = 0.1, test: float = 0.2, limit: int = 0) -> Split:
    """Rows for training, validation and test, drawn from each class alike; the same for the same seed.

    `labels` is int64 [N]. Of each class, the shares `validation` and `test` are rounded, but at least one row
    goes to each part while there is one; of two rows, the second goes to the test or the validation part in
    turn. With a `limit` above 0, at most so many rows are used in all. ConfigError when the limit leaves some
    class fewer than three of its rows.
    """
    if min(validation, test) < 0 or validation + test >= 1:
        raise ValueError(f"shares {validation} and {test} leave nothing to learn from")
    mixed = np.random.default_rng(seed)
    rows_of = [mixed.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    counts = _draw(np.array([len(rows) for rows in rows_of]), limit)
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for place, (rows, count) in enumerate(zip(rows_of, counts, strict=True)):
        for_test, for_validation = (max(1, round(share * count)) if share else 0 for share in (test, validation))
        if count == 2 and for_test and for_validation:
            for_test, for_validation = (1, 0) if place % 2 == 0 else (0, 1)
        ends = np.minimum([for_test, for_test + for_validation], count - 1)  # one row at least to learn from
        for part, chosen in zip(parts, np.split(rows[:count], ends), strict=True):
            part.append(chosen)
    test_rows, validation_rows, train_rows = (mixed.permutation(np.concatenate(part)) for part in parts)
    return Split(train_rows, validation_rows, test_rows)


def split_of(
    data: LabelledTexts | LabelledPictures, seed: int, validation: float = 0.1, test: float = 0.2, limit: int = 0
) -> Split:
    """The split that the data bring along, else one drawn; a part that it lacks is drawn from what is to learn from.

    See `split`. With a `limit`, each part of a split that was brought gives in proportion.
    """
    if not data.parts:
        return split(data.labels, seed, validation, test, limit)
    given, mixed = np.array(data.parts), np.random.default_rng(seed)
    rows = {part: mixed.permutation(np.flatnonzero(given == part)) for part in ("train", "validation", "test")}
    if 0 < limit < len(given):
        rows = {part: found[: max(1, round(limit * len(found) / len(given)))] for part, found in rows.items()}
    missing = {name: 0.0 if len(rows[name]) else share for name, share in (("validation", validation), ("test", test))}
    drawn = split(data.labels[rows["train"]], seed, **missing)
    found = {name: rows["train"][getattr(drawn, name)] for name in ("train", "validation", "test")}
    return Split(**{name: part if len(part) else rows[name] for name, part in found.items()})


def _draw(counts: np.ndarray, limit: int) -> np.ndarray:
    """How many rows of each class to use: at most `limit` in all, in proportion beyond three of each."""
    least = np.minimum(counts, 3)
    if not limit or counts.sum() <= limit:
        return counts
    if least.sum() > limit:
        raise ConfigError(
            "With {classes} classes, use at least {least} rows.", classes=len(counts), least=int(least.sum())
        )
    exact = (counts - least) * ((limit - least.sum()) / (counts - least).sum())
    drawn = np.floor(exact + 1e-9).astype(np.int64)
    rest = limit - least.sum() - drawn.sum()
    drawn[np.argsort(drawn - exact, kind="stable")[:rest]] += 1  # those that lost most in rounding
    return least + drawn


def load_text_dataset(name: str) -> LabelledTexts:
    """A bundled set, of TEXT_DATASETS in engines/data/cards.py; ConfigError if there is none called so."""
    if name not in TEXT_DATASETS:
        raise _unknown(name, TEXT_DATASETS)
    if name == "movie_reviews":
        table = Table(name, ("text", "label"), tuple(_rated_reviews()), "utf-8", ",")
    else:
        table = read_table(ASSETS / name / "texts.csv")
    return replace(label_texts(table, "text", "label"), name=name)


def _unknown(name: str, known: Iterable[str]) -> ConfigError:
    return ConfigError(
        "There is no bundled dataset called {name}; there are {known}.", name=name, known=", ".join(known)
    )


def _rated_reviews() -> Iterator[tuple[str, str]]:
    """(text, "negative" or "positive") of each snippet whose mean human rating is not near zero."""
    neutral_below = TEXT_DATASETS["movie_reviews"].neutral_below
    with gzip.open(ASSETS / "movie_reviews" / "texts.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rating = float(row["rating"])  # from -4 to 4
            if abs(rating) >= neutral_below:
                yield row["text"], "positive" if rating > 0 else "negative"


def load_picture_dataset(name: str) -> LabelledPictures:
    """A bundled set of pictures at its own size; ConfigError if there is none called so."""
    if name not in PICTURE_DATASETS:
        raise _unknown(name, PICTURE_DATASETS)
    pictures = load_bundled(name)
    return LabelledPictures(name, pictures.images, pictures.labels, pictures.class_names)


def describe(data: LabelledTexts | LabelledPictures, parts: Split) -> DataSummary:
    """What a person should know of a dataset before training on it."""
    counts = np.bincount(data.labels, minlength=len(data.label_names))
    texts = isinstance(data, LabelledTexts)
    shown = data.texts[:EXAMPLES] if texts else [str(row) for row in range(len(data.labels[:EXAMPLES]))]
    tested = np.bincount(data.labels[parts.test], minlength=len(data.label_names))
    return DataSummary(
        rows=len(data),
        per_label=tuple(zip(data.label_names, counts.tolist(), strict=True)),
        empty=data.empty if texts else 0,
        duplicates=data.duplicates,
        conflicts=data.conflicts,
        train=len(parts.train),
        validation=len(parts.validation),
        test=len(parts.test),
        majority_share=float(counts.max() / counts.sum()),
        examples=tuple((text, data.label_names[data.labels[row]]) for row, text in enumerate(shown)),
        left_out=() if texts else data.left_out,
        notes=data.notes,
        damaged=data.damaged if texts else 0,
        where=data.where if texts else {},
        merged=data.merged if texts else (),
        alike=data.alike if texts else look_alikes(data.label_names),
        untested=tuple(name for name, count in zip(data.label_names, tested, strict=True) if not count),
    )
