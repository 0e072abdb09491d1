"""The bundled sets of labelled examples, their split into three parts, and what a person is told of them."""

from __future__ import annotations

import csv
import gzip
import io
import tarfile
from collections import Counter

import numpy as np
import pytest

from assets.movie_reviews import make
from engines.data.cards import ASSETS, DATASETS, TEXT_DATASETS
from engines.data.uploads import LeftOut
from engines.finetuning.data.datasets import (
    LabelledPictures,
    Split,
    describe,
    load_picture_dataset,
    load_text_dataset,
    split,
)
from engines.finetuning.data.tables import LabelledTexts, Table, label_texts
from engines.messages import ConfigError, Message


def parts_of(parts: Split) -> tuple[np.ndarray, ...]:
    return parts.train, parts.validation, parts.test


def labels_like(*counts: int) -> np.ndarray:
    """Labels with so many rows of each class, in a mixed order."""
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))


# --- The bundled sets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXT_DATASETS)
def test_a_card_says_what_the_file_holds(name: str) -> None:
    card, data = TEXT_DATASETS[name], load_text_dataset(name)
    assert card.name == data.name == name
    assert len(data) == card.count
    assert data.label_names == card.label_names
    assert f"{card.count:,}" in card.description
    counts = np.bincount(data.labels, minlength=len(card.label_names))
    assert counts.min() > 0.9 * counts.max()
    assert (data.empty, data.conflicts, data.alike) == (0, 0, ())
    assert any("\u4e00" <= c <= "\u9fff" for text in data.texts for c in text) == (card.language == "zh")


@pytest.mark.parametrize("name", TEXT_DATASETS)
def test_every_text_is_there_once_and_tidy(name: str) -> None:
    texts = load_text_dataset(name).texts
    assert len({" ".join(text.casefold().split()) for text in texts}) == len(texts)
    for text in texts:
        assert text == " ".join(text.split())
        assert text.isprintable()
        assert "&amp;" not in text


@pytest.mark.parametrize("name", TEXT_DATASETS)
def test_the_first_texts_are_a_mix_of_classes(name: str) -> None:
    data = load_text_dataset(name)
    assert len(set(data.labels[: 10 * len(data.label_names)].tolist())) == len(data.label_names)


def test_a_movie_reviews_label_is_the_sign_of_its_rating() -> None:
    with gzip.open(ASSETS / "movie_reviews" / "texts.csv.gz", "rt", encoding="utf-8", newline="") as file:
        ratings = {row["text"]: float(row["rating"]) for row in csv.DictReader(file)}
    data, card = load_text_dataset("movie_reviews"), TEXT_DATASETS["movie_reviews"]
    assert data.duplicates == 2
    for text, label in zip(data.texts, data.labels, strict=True):
        assert abs(ratings[text]) >= card.neutral_below
        assert data.label_names[label] == ("positive" if ratings[text] > 0 else "negative")
    neutral = sum(abs(rating) < card.neutral_below for rating in ratings.values())
    assert len(data) + data.duplicates + neutral == 10_605
    assert f"the {neutral} nearer to zero than {card.neutral_below}" in card.description


def test_the_intents_are_the_same_in_both_languages() -> None:
    english, chinese = (Counter(load_text_dataset(name).labels.tolist()) for name in ("intents", "intents_zh"))
    assert set(english.values()) == {25}
    assert set(chinese.values()) == {15}
    assert len(english) == len(chinese) == 12


def test_the_bundled_pictures() -> None:
    pictures, card = load_picture_dataset("fashion_mnist"), DATASETS["fashion_mnist"]
    assert pictures.images.shape == (10_000, 28, 28, 1)
    assert pictures.label_names == card.class_names
    assert len(pictures) == len(pictures.labels) == 10_000


def test_an_unknown_dataset_is_refused() -> None:
    for load in (load_text_dataset, load_picture_dataset):
        with pytest.raises(ConfigError, match=r"called ../secrets; there are \w+"):
            load("../secrets")


# --- How the movie reviews are made -----------------------------------------------------------------------------

LINES = '1\t2.26666666667\tGood  &amp; true.\r\n2\t-0.6\tBad, "bad" caf\u00e9\r\n3\t0.0476\tWell.\r\n'


def test_the_same_snippets_give_the_same_bytes(tmp_path) -> None:
    rows = make.rated_snippets(LINES)
    assert rows == [("1", "2.27", "Good & true."), ("2", "-0.60", 'Bad, "bad" café'), ("3", "0.05", "Well.")]
    for name in ("a.gz", "b.gz"):
        make.write_reviews(rows, tmp_path / name)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    read = list(csv.reader(io.StringIO(gzip.decompress((tmp_path / "a.gz").read_bytes()).decode(), newline="")))
    assert read[0] == ["id", "rating", "text"]
    assert sorted(map(tuple, read[1:])) == rows


def test_another_package_than_the_known_one_is_refused(tmp_path) -> None:
    (tmp_path / "vaderSentiment-3.3.2.tar.gz").write_bytes(b"something else")
    with pytest.raises(ValueError, match="not the file"):
        make.source_package(tmp_path)


def test_a_file_is_found_inside_an_archive() -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        member = tarfile.TarInfo("a/b.txt")
        member.size = len(LINES.encode())
        tar.addfile(member, io.BytesIO(LINES.encode()))
    assert make.read_member(target.getvalue(), "a/b.txt").decode() == LINES


# --- The split -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("counts", [(4, 4), (2, 2, 2, 2), (2, 6), (5, 3), (25,) * 12, (9_000, 1_000), (2,) * 100])
def test_parts_are_disjoint_and_none_is_empty(counts: tuple[int, ...]) -> None:
    labels = labels_like(*counts)
    parts = split(labels, seed=3)
    together = np.concatenate(parts_of(parts))
    assert sorted(together.tolist()) == list(range(len(labels)))
    assert all(len(part) and part.dtype == np.int64 for part in parts_of(parts))
    assert set(labels[parts.train].tolist()) == set(range(len(counts)))  # each class can be learnt


def test_each_part_has_its_share_of_each_class() -> None:
    labels = labels_like(1000, 200, 30, 3)
    parts = split(labels, seed=0)
    counts = [np.bincount(labels[part], minlength=4).tolist() for part in parts_of(parts)]
    assert counts == [[700, 140, 21, 1], [100, 20, 3, 1], [200, 40, 6, 1]]
    quarter = split(labels, seed=0, validation=0.0, test=0.25)
    assert len(quarter.validation) == 0
    assert np.bincount(labels[quarter.test]).tolist() == [250, 50, 8, 1]


def test_a_split_is_repeatable_and_mixed() -> None:
    labels = np.sort(labels_like(300, 300))
    once, again, other = split(labels, 1), split(labels, 1), split(labels, 2)
    for part, same, different in zip(parts_of(once), parts_of(again), parts_of(other), strict=True):
        np.testing.assert_array_equal(part, same)
        assert sorted(part.tolist()) != sorted(different.tolist())
        assert 0.2 < labels[part][: len(part) // 2].mean() < 0.8


@pytest.mark.parametrize("limit", [12, 50, 333, 1_000, 1_233, 5_000])
def test_a_limit_is_kept_and_drawn_from_each_class_alike(limit: int) -> None:
    labels = labels_like(1000, 200, 30, 3)
    parts = split(labels, seed=0, limit=limit)
    together = np.concatenate(parts_of(parts))
    assert len(together) == len(set(together.tolist())) == min(limit, len(labels))
    counts = np.bincount(labels[together], minlength=4)
    assert counts.min() == 3
    if limit > 100:
        np.testing.assert_allclose(counts / counts.sum(), [0.81, 0.16, 0.025, 0.005], atol=0.02)


def test_a_limit_too_low_for_the_classes_is_refused() -> None:
    with pytest.raises(ConfigError, match="With 4 classes, use at least 12 rows"):
        split(labels_like(1000, 200, 30, 3), seed=0, limit=11)


@pytest.mark.parametrize(("validation", "test"), [(-0.1, 0.2), (0.5, 0.5), (0.0, 1.0)])
def test_shares_must_leave_something_to_learn_from(validation: float, test: float) -> None:
    with pytest.raises(ValueError, match="nothing to learn"):
        split(labels_like(10, 10), seed=0, validation=validation, test=test)


def test_no_text_is_in_two_parts() -> None:
    """Whatever the file repeats, in other spelling or under another label."""
    rows = [(f"Text {i % 40}" + " " * (i % 3), "ab"[(i % 40) % 2]) for i in range(300)]
    rows += [(f"text {i}", "b") for i in range(0, 10, 2)]  # contradicts five of them
    data = label_texts(Table("t", ("text", "label"), tuple(rows), "utf-8", ","), "text", "label")
    keys = [{data.texts[row].casefold() for row in part} for part in parts_of(split(data.labels, seed=0))]
    assert sum(map(len, keys)) == len(set.union(*keys)) == 35


# --- The summary -----------------------------------------------------------------------------------------------


def test_texts_are_described_in_plain_values() -> None:
    labels = np.array([0, 1, 1, 1, 1, 1, 1, 0])
    left_out = {"empty": 3, "duplicates": 2, "conflicts": 1}
    data = LabelledTexts("mine", tuple("abcdefgh"), labels, ("no", "yes"), **left_out, alike=(("X", "x"),))
    summary = describe(data, split(labels, seed=0))
    assert (summary.rows, summary.per_label) == (8, (("no", 2), ("yes", 6)))
    assert (summary.empty, summary.duplicates, summary.conflicts) == (3, 2, 1)
    assert (summary.train, summary.validation, summary.test) == (5, 1, 2)
    assert summary.majority_share == 0.75
    assert summary.examples == (("a", "no"), ("b", "yes"), ("c", "yes"), ("d", "yes"), ("e", "yes"))
    assert summary.alike == (("X", "x"),)
    assert type(summary.majority_share) is float
    assert all(type(count) is int for _, count in summary.per_label)


def test_pictures_are_described_too() -> None:
    labels = np.array([0, 1] * 4)
    data = LabelledPictures(
        "mine", np.zeros((8, 4, 4, 1), np.uint8), labels, ("cat", "dog"), (LeftOut("bad.png", Message("no")),), 1, 2
    )
    summary = describe(data, split(labels, seed=0))
    assert (summary.rows, summary.empty, summary.duplicates, summary.conflicts) == (8, 0, 1, 2)
    assert summary.examples[:2] == (("0", "cat"), ("1", "dog"))
    assert [one.name for one in summary.left_out] == ["bad.png"]
