"""Writes samples as a WAV file (RIFF, Microsoft and IBM 1991)."""

from __future__ import annotations

import struct

import numpy as np


def wav_bytes(sound: np.ndarray, rate: int, about: str = "") -> bytes:
    """Mono, 16 bit, of float [T] from -1 to 1; `about` is kept in it as a comment."""
    samples = np.round(sound * 32767).astype("<i2").tobytes()
    chunks = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16))
    if about:
        chunks += _chunk(b"LIST", b"INFO" + _chunk(b"ICMT", about.encode("utf-8") + b"\0"))
    chunks += _chunk(b"data", samples)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
