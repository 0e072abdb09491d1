"""What is shown of tokens that are only a part of a character."""

import pytest

from engines.text_generation.letters import readable, shown, unfinished


@pytest.mark.parametrize(("data", "text"), [(b"\xf0\x9f", "⟨F0 9F⟩"), (b"\x8ea", "⟨8E⟩a"), ("é".encode(), "é")])
def test_bytes_are_readable(data, text):
    assert readable(data) == text


def test_a_token_that_completes_a_character_shows_it():
    apple = "🍎".encode()
    assert (shown(apple[:2], apple[2:]), shown(b"", apple[:2])) == ("🍎", "⟨F0 9F⟩")
    assert unfinished(b"a" + apple[:3]) == apple[:3]
    assert unfinished(apple) == b""
