"""Colour profiles made by hand, as cameras, screens and presses put them into pictures (ICC.1:2001-04)."""

from __future__ import annotations

import itertools
import struct

D50 = (0.9642, 1.0, 0.8249)
# Colorants, adapted to D50, as profiles have them.
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))
ADOBE_RGB = ((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446))


def rgb_profile(colorants: tuple[tuple[float, ...], ...], name: str, gamma: float = 2.2) -> bytes:
    """A profile of three colorants and one gamma."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * gamma)) + bytes(2)
    tags = {b"wtpt": _xyz(D50), **dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, colorants), strict=True))}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile(b"mntr", b"RGB ", b"XYZ ", name, tags)


def cmyk_profile(name: str = "Plain press") -> bytes:
    """A press whose inks mix as filters do: a table of the 16 corners of C, M, Y and K."""
    corners = [_lab(*((1 - ink) * (1 - k) for ink in (c, m, y))) for c, m, y, k in itertools.product((0, 1), repeat=4)]
    identity = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    curve = bytes(range(256))
    table = bytes(value for corner in corners for value in corner)
    lut = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + identity + 4 * curve + table + 3 * curve
    return _profile(b"prtr", b"CMYK", b"Lab ", name, {b"wtpt": _xyz(D50), b"A2B0": lut})


def _lab(red: float, green: float, blue: float) -> tuple[int, int, int]:
    """Linear sRGB as Lab in 8 bits."""
    matrix = ((0.4361, 0.3851, 0.1431), (0.2225, 0.7169, 0.0606), (0.0139, 0.0971, 0.7141))  # of sRGB at D50
    xyz = [sum(part * value for part, value in zip(row, (red, green, blue), strict=True)) for row in matrix]
    parts = [value / white for value, white in zip(xyz, D50, strict=True)]
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in parts)
    lightness, a, b = 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
    return tuple(max(0, min(255, round(value))) for value in (lightness * 2.55, a + 128, b + 128))


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * value) for value in values))


def _profile(kind: bytes, space: bytes, between: bytes, name: str, tags: dict[bytes, bytes]) -> bytes:
    text = name.encode() + b"\0"
    described = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(12) + bytes(67)
    tags = {b"desc": described, b"cprt": b"text" + bytes(4) + b"free\0", **tags}
    table, body, at = b"", b"", 132 + 12 * len(tags)
    for tag, content in tags.items():
        content += bytes(-len(content) % 4)
        table += tag + struct.pack(">II", at + len(body), len(content))
        body += content
    white = struct.pack(">3i", *(round(65536 * value) for value in D50))
    header = struct.pack(
        ">I4sI4s4s4s12s4s", at + len(body), b"none", 0x02400000, kind, space, between, bytes(12), b"acsp"
    )
    header += bytes(28) + white
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + body
