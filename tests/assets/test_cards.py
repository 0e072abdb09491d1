"""Each bundled thing has a folder with a card, and the cards say all that assets/README.md says."""

import importlib.util
import re
import subprocess
from fnmatch import fnmatch

import pytest

from assets.readme import FIELDS, cards, readme
from engines.data.cards import ASSETS
from tests import ROOT

PAGES = (ASSETS / "README.md", ASSETS / "LICENSES.md")
MOST_BYTES, MOST_BYTES_IN_ALL = 26 * 2**20, 58 * 2**20  # the picture model alone takes 23.4 MiB
ENTRIES = [(folder, pattern, about) for folder, card in cards().items() for pattern, about in card["files"].items()]


def bundled():
    """The files of assets/ that git knows or would add, without code, cards and the two pages about them."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "assets"], cwd=ROOT, capture_output=True, text=True
    )
    files = [ROOT / line for line in listed.stdout.splitlines()] or list(ASSETS.rglob("*"))
    data = [path for path in files if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts]
    return [path for path in data if path.name != "card.json" and path not in PAGES]


def test_the_page_is_made_from_the_cards():
    said = "python -m assets.readme --write makes it anew"
    assert (ASSETS / "README.md").read_text("utf-8") == readme(), said


def test_every_file_is_described_once():
    for path in bundled():
        patterns = [p for folder, p, _ in ENTRIES if folder == path.parent and fnmatch(path.name, p)]
        assert len(patterns) == 1, f"the card of {path.parent.name}/ says {patterns} of {path.name}"


@pytest.mark.parametrize(("folder", "pattern", "about"), ENTRIES, ids=[f"{f.name}/{p}" for f, p, _ in ENTRIES])
def test_a_card_says_what_it_is_where_from_under_which_licence_and_made_by_what(folder, pattern, about):
    assert set(about) == set(FIELDS)
    assert all(text.strip() and "|" not in text for text in about.values())
    assert [path for path in folder.glob(pattern) if path.name != "card.json"], "no file is called so"
    for module in re.findall(r"python -m ([\w.]+)", about["made_by"]):
        assert importlib.util.find_spec(module), module


def test_the_whole_is_quick_to_clone():
    sizes = {str(path.relative_to(ASSETS)): path.stat().st_size for path in bundled()}
    assert not {name: size for name, size in sizes.items() if size > MOST_BYTES}
    assert sum(sizes.values()) < MOST_BYTES_IN_ALL
