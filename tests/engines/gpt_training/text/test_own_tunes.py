"""A visitor's own tunes: music files become lines of ABC, hostile ones a sentence."""

import pytest

from engines.gpt_training.config import GptConfig
from engines.gpt_training.text import own_tunes
from engines.gpt_training.text.own_tunes import read_tunes
from engines.gpt_training.text.sources import load_documents, tunes
from engines.messages import ConfigError
from engines.music.score.abc import page_of, read_line
from engines.music.score.engraving import write_musicxml
from engines.music.score.midi import write_midi
from engines.music.score.playing import piece_of

JIG = "[M:6/8][K:G]GABc2d|e3d3|BAGA2B|c3B3|GABc2d|e3d3|BAGF2A|G6|"


def heard(line):
    return [(note.pitch, round(24 * note.start), round(24 * note.length)) for note in piece_of(read_line(line)).notes]


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(own_tunes, "LEAST", 40)


def written(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize("line", [JIG, *tunes()[100:600:100]])
def test_a_tune_is_the_same_from_midi_musicxml_and_abc(tmp_path, line):
    tune = read_line(line)
    piece = piece_of(tune)
    for name, data in (
        ("a.mid", write_midi(piece)),
        ("a.musicxml", write_musicxml(piece)),
        ("a.abc", page_of(tune)[0].encode()),
    ):
        (found,) = read_tunes([written(tmp_path, name, data)])
        assert heard(found) == heard(line), name
        assert line != JIG or found.startswith("[M:6/8][K:G]"), name


def test_the_key_is_heard_and_what_was_played_is_put_on_the_grid(tmp_path):
    piece = piece_of(read_line(JIG.replace("K:G", "K:Em").replace("G6", "E6")))
    (found,) = read_tunes([written(tmp_path, "a.mid", write_midi(piece))])
    assert found.startswith("[M:6/8][K:Em]")
    swung = bytearray(write_midi(piece_of(read_line(JIG))))
    at = swung.index(bytes([0x90, 67, 80]))
    swung[at - 1] = 7  # ticks of 480 by which the first note comes too late
    (found,) = read_tunes([written(tmp_path, "b.mid", bytes(swung))])
    assert {length % 6 for _, _, length in heard(found)} == {0}


def test_a_file_of_many_tunes_and_one_that_is_broken(tmp_path):
    text = "X:1\nM:6/8\nK:G\nGAB c2d|e3 d3|BAG A2B|c3 B3|\n\nX:2\nK:H\nABC|\n\nX:3\nM:4/4\nK:D\nDEFG ABcd|dcBA GFED|\n"
    found = read_tunes([written(tmp_path, "a.abc", text.encode()), written(tmp_path, "b.mid", b"nonsense")])
    assert [line[:12] for line in found] == ["[M:6/8][K:G]", "[M:4/4][K:D]"]
    config = GptConfig(data="own_tunes")
    assert config.whole
    assert load_documents(config, [str(tmp_path / "a.abc")], tmp_path) == found
    assert load_documents(config, [], tmp_path) == found, "kept for a run that goes on"


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.mid", b"MThd nonsense", "no MIDI file"),
        ("a.abc", b"\x00\xff\xfe" * 100, "no notes|no ABC|sign"),
        ("a.exe", b"MZ", "a.exe is no file of tunes"),
        ("a.xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "declares entities"),
        ("a.abc", b"X:1\nK:G\nGAB|", "Your tunes have 1. characters in all, in 1 tunes"),
    ],
)
def test_what_is_no_tune_gets_one_sentence(tmp_path, name, data, says):
    with pytest.raises(ConfigError, match=says):
        read_tunes([written(tmp_path, name, data)])
    with pytest.raises(ConfigError, match="Choose your own tunes first"):
        read_tunes([])
