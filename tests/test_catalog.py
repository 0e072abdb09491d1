"""The cards must say what the bundled files hold, and every bundled file must say where it is from."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from engines.catalog import DATASETS
from engines.pictures import ASSETS, load_bundled

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
    assert (ASSETS / f"{name}.npz").stat().st_size < MOST_BYTES


@pytest.mark.parametrize("name", DATASETS)
def test_the_first_pictures_are_a_mix_of_classes(name: str) -> None:
    pictures = load_bundled(name)
    assert len(set(pictures.labels[:100].tolist())) == len(pictures.class_names)


def test_every_bundled_file_has_a_source_and_a_licence() -> None:
    rows = [line for line in (ASSETS / "README.md").read_text("utf-8").splitlines() if line.startswith("|")]
    for path in ASSETS.iterdir():
        if path.suffix in (".npz", ".safetensors"):
            row = next((row for row in rows if f"`{path.name}`" in row), "")
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            assert len(cells) == 5, f"assets/README.md has no row for {path.name}"
            assert all(cells), f"assets/README.md leaves something out about {path.name}"


def test_cards_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        DATASETS["other"] = DATASETS["mnist"]  # type: ignore[index]


def test_reading_cards_and_pictures_loads_no_torch() -> None:
    code = "import sys, engines.catalog, engines.uploads; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
