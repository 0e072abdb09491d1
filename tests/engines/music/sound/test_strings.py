import io
import wave

import numpy as np
import pytest

from engines.messages import ConfigError
from engines.music.notes import Note, Piece
from engines.music.sound.strings import RATE, plucked, rendered, strings_wav


def tune(*notes, tempo=120.0):
    return Piece(notes, (4, 4), "C", tempo)


@pytest.mark.parametrize("pitch", [48, 60, 69, 84, 96])
def test_a_string_sounds_at_its_pitch(pitch):
    spectrum = np.abs(np.fft.rfft(plucked(pitch, RATE) * np.hanning(RATE)))  # a bin a hertz
    wanted = 440 * 2 ** ((pitch - 69) / 12)
    low = round(wanted * 0.9)
    found = low + spectrum[low : round(wanted * 1.1)].argmax()
    assert abs(found - wanted) < 1.5


def test_a_string_fades():
    tone = plucked(60, 2 * RATE)
    assert np.abs(tone[: RATE // 10]).max() > 4 * np.abs(tone[-RATE // 10 :]).max()


def test_it_begins_with_the_first_note_and_rings_on_after_the_last():
    sound = rendered(tune(Note(60, 2, 1), Note(64, 3, 1)))
    assert len(sound) / RATE == pytest.approx(1.0 + 1.2, abs=0.01)
    assert np.abs(sound[: RATE // 100]).max() > 0.05
    assert np.abs(sound).max() == pytest.approx(1.0)


def test_a_file_is_read_as_wav_and_says_what_it_is():
    data = strings_wav(tune(Note(60, 0, 1)), about="made by a machine")
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert file.getnframes() / RATE == pytest.approx(1.7, abs=0.01)
    assert b"made by a machine" in data
    assert len(data) == 8 + int.from_bytes(data[4:8], "little")


def test_what_would_last_for_hours_is_refused():
    with pytest.raises(ConfigError, match="at most 600 s"):
        strings_wav(tune(Note(60, 0, 4000)))
