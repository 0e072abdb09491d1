"""Folk songs are read where music21 lies; where it does not, one sentence says what to do."""

import sys

import pytest

from engines.gpt_training.config import GptConfig
from engines.gpt_training.take_home.script import script_files
from engines.gpt_training.text.sources import load_documents
from engines.messages import EngineError
from engines.music.score.abc import read
from engines.music.score.folk_songs import songs, with_bars

SONG = """\
X:{number}
T: A song
N: C0002 5; a note's text with [brackets]
M: 2/4
L: 1/16
K: C
d4A2c2 | d4d4 | A3cd2g2 | c2A2G{last}
A3cd2g2 | d2c4A2 | c3AG2E2 | D8
"""
NO_METRE = "X:9\nT: Free\nM: Free\nK: C\nd4A2c2 | d4d4 | A3cd2g2 | c2A2G4\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package that is called music21, whose code must not run."""
    folder = tmp_path / "music21"
    essen = folder / "corpus" / "essenFolksong"
    essen.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise RuntimeError('it was imported')\n")
    parts = [SONG.format(number=1, last=4), NO_METRE, SONG.format(number=2, last=5), SONG.format(number=3, last=4)]
    (essen / "han1.abc").write_text("\n".join(parts), "utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return essen


def test_songs_are_read_without_importing_the_package(package):
    found = songs()
    line = "[M:2/4][K:C]d4A2c2|d4d4|A3cd2g2|c2A2G4|A3cd2g2|d2c4A2|c3AG2E2|D8|"
    assert found == [line], "one is there twice, one has no metre, of one a bar is too long"
    assert "music21" not in sys.modules
    assert load_documents(GptConfig(data="folk_songs", bars=True)) == [line.replace("[K:C]", "[K:C][N:8]")]


def test_a_bar_that_a_line_cuts_in_two_stays_one():
    song = with_bars(read("M:2/4\nL:1/8\nK:G\nD|G2A2|B2\nA2|G4"))
    assert "".join(mark.text for mark in song.marks if mark.kind == "bar") == "||||"


@pytest.mark.parametrize("left", ["nothing", "no songs"])
def test_without_them_one_sentence_says_what_to_do(package, monkeypatch, left):
    (package / "han1.abc").unlink()
    if left == "nothing":
        monkeypatch.setattr(sys, "path", [])
    with pytest.raises(EngineError, match="pip install music21"):
        songs()


def test_they_do_not_leave_with_a_script(package):
    with pytest.raises(EngineError, match="licence"):
        script_files(GptConfig(data="folk_songs"))
