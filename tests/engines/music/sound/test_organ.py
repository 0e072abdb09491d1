"""The organ."""

import io
import time
import wave

import numpy as np

from engines.music.chorales import load
from engines.music.notes import Note, Piece
from engines.music.sound.organ import LOUDEST, RATE, organ_wav, render


def test_a_note_sounds_at_its_pitch_and_for_its_length():
    sound = render(Piece((Note(69, 1, 1),), (4, 4), None, 60.0))
    assert not sound[: RATE - 10].any()
    middle = sound[RATE + 5000 : RATE + 5000 + 22050]
    peak = np.abs(np.fft.rfft(middle * np.hanning(len(middle)))).argmax() * RATE / len(middle)
    assert abs(peak - 440) < 3
    assert abs(float(np.abs(sound).max()) - LOUDEST) < 1e-3
    assert abs(len(sound) / RATE - 2.12) < 0.01


def test_the_file_is_a_wav_that_says_where_it_is_from():
    piece = load().held[0].to_piece()
    began = time.process_time()
    data = organ_wav(piece, "Machine-made")
    assert time.process_time() - began < 1.0
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, RATE, 2)
        assert file.getnframes() / RATE > 10
    assert b"ICMT" in data
    assert b"Machine-made" in data


def test_nothing_is_silence():
    assert not render(Piece(())).any()
