import pytest

from engines.music.score.keys import Key


@pytest.mark.parametrize(
    ("said", "name", "sharps"),
    [
        ("G", "G", 1), ("Gm", "Gm", -2), ("A Mixolydian", "Amix", 2), ("EMinor", "Em", 1), ("F#m", "F#m", 3),
        ("Ador", "Ador", 1), ("Bb", "Bb", -2), ("Glyd", "Glyd", 2), ("none", "C", 0), ("G clef=bass", "G", 1),
    ],
)  # fmt: skip
def test_a_key_is_read_as_abc_names_it(said, name, sharps):
    key = Key.of(said)
    assert (str(key), key.sharps) == (name, sharps)


@pytest.mark.parametrize("said", ["H", "Gx", "<b>", "G#", "A#lyd"])
def test_what_is_no_key_is_none(said):
    assert Key.of(said) is None


def test_a_scale_has_its_signature_and_of_minor_also_the_raised_notes():
    assert Key.of("D").scale == {2, 4, 6, 7, 9, 11, 1}
    assert Key.of("Am").scale == {9, 11, 0, 2, 4, 5, 7, 6, 8}
    assert (Key.of("Bb").home, Key.of("F#m").home) == (10, 6)
