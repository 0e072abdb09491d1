"""The cards must say what the bundled pictures hold."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from engines.data.cards import ASSETS, DATASETS, DatasetCard, load_cards
from engines.data.pictures import load_bundled

MOST_BYTES = 10_000_000


@pytest.mark.parametrize("name", DATASETS)
def test_a_card_says_what_the_file_holds(name: str) -> None:
    card, pictures = DATASETS[name], load_bundled(name)
    assert card.name == name
    assert pictures.images.shape == (card.count, card.size, card.size, card.channels)
    assert pictures.images.dtype == np.uint8
    assert pictures.labels.dtype == np.int64
    assert pictures.class_names == card.class_names
    assert np.bincount(pictures.labels, minlength=len(card.class_names)).min() > 0.05 * card.count
    assert (ASSETS / name / "pictures.npz").stat().st_size < MOST_BYTES


@pytest.mark.parametrize("name", DATASETS)
def test_the_first_pictures_are_a_mix_of_classes(name: str) -> None:
    pictures = load_bundled(name)
    assert len(set(pictures.labels[:100].tolist())) == len(pictures.class_names)


def test_cards_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        DATASETS["other"] = DATASETS["mnist"]  # type: ignore[index]


def test_reading_cards_and_pictures_loads_no_torch() -> None:
    code = "import sys, engines.catalog, engines.data.cards, engines.data.uploads; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_wrong_card_is_named(tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    card = tmp_path / "mine" / "card.json"
    for wrong in ('{"pictures": {"title": 1}}', '{"pictures": {"colour": "red"}}', "[", "[1]"):
        card.write_text(wrong, "utf-8")
        with pytest.raises(ValueError, match=r"mine/card\.json"):
            load_cards(DatasetCard, "pictures", tmp_path)
    card.write_text('{"files": {}}', "utf-8")
    assert not load_cards(DatasetCard, "pictures", tmp_path), "no dataset, but something else"
