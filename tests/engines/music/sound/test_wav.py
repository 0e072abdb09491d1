import io
import wave

import numpy as np

from engines.music.sound.wav import wav_bytes


def test_what_is_written_is_read_again():
    sound = np.sin(np.arange(1001) / 20).astype(np.float32)
    data = wav_bytes(sound, 8000, "曲: made by a machine")
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        read = np.frombuffer(file.readframes(2000), "<i2") / 32767
    assert np.abs(read - sound).max() < 1e-4
    assert "曲: made by a machine".encode() in data
    assert len(data) == 8 + int.from_bytes(data[4:8], "little")


def test_without_a_word_there_is_no_comment():
    assert b"LIST" not in wav_bytes(np.zeros(4), 8000)
