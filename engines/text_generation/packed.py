"""Linear layers for a CPU that read a half or a quarter of the bytes: weights of 8 or 4 bits.

Writing a token is bound by reading every weight once. Weights that were 4-bit before (a GGUF file's Q4_0 and
Q4_1: groups of 32 on a grid of 16 values) are put back on that grid, which loses no more than bfloat16 does.
Others get 8 bits and a scale for each output channel (weight-only, as in
https://github.com/meta-pytorch/gpt-fast). Activations stay as they are, and prompts, which have many rows, are
read with the original weights, in float32 where the CPU has no instructions for bfloat16. A row's result does not
depend on the rows beside it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor, nn

from engines.device import pick_dtype, release_memory
from engines.device.tuning import Choice, choose, multiplies_bfloat16
from engines.text_generation.kept import keep, recall

log = logging.getLogger(__name__)

USUAL_ROWS = 64  # of a prompt; any number works
FEW_ROWS = 16  # up to here reading the weights takes longer than multiplying
GROUP = 32  # weights that share a scale in 4 bits
SAME = 0.006  # relative error that is put down to bfloat16, which has 0.002 itself
NARROW = 256  # below this width a trial takes longer than what it could save
LEAST_COSINE = 0.999  # of a packed layer's output with the original's
TRIED_LAYERS, TRIED_ROWS, TRIED_TOKENS = 4, 24, 32  # a prompt's rows and then tokens, through layers that fill a cache


class PackedLinear(nn.Module):
    """An nn.Linear with a second, smaller copy of its weight, made by `pack`, for inputs of few rows.

    Without `keep` the weight itself is put in the order in which oneDNN reads it, once instead of at each call.
    """

    def __init__(self, linear: nn.Linear, codes: Tensor, scale: Tensor, keep: bool = True) -> None:
        super().__init__()
        self.bias, self.width = linear.bias, linear.in_features
        weight = linear.weight.detach()
        self.four_bits = codes.dtype == torch.uint8
        self.register_buffer("codes", codes, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.ordered = not keep
        if self.ordered and multiplies_bfloat16():
            self.weight = torch.ops.mkldnn._reorder_linear_weight(weight, USUAL_ROWS)
        else:
            self.weight = weight.float() if self.ordered else weight

    def forward(self, x: Tensor) -> Tensor:
        """x: [..., in]; returns [..., out]."""
        if x.numel() > FEW_ROWS * self.width:
            return self.exact(x)
        rows = x.reshape(-1, self.width)
        if self.four_bits:
            out = torch._weight_int4pack_mm_for_cpu(rows, self.codes, GROUP, self.scale)
        else:
            out = torch._weight_int8pack_mm(rows, self.codes, self.scale)
        out = out.view(*x.shape[:-1], -1)
        return out if self.bias is None else out + self.bias

    def exact(self, x: Tensor) -> Tensor:
        """The same with the original weight, for inputs of many rows."""
        if self.weight.dtype == torch.float32:
            bias = self.bias if self.bias is None else self.bias.float()
            return nn.functional.linear(x.float(), self.weight, bias).to(x.dtype)
        if self.ordered:
            return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return nn.functional.linear(x, self.weight, self.bias)


def best_type(device: torch.device, folder: Path) -> torch.dtype:
    """The type to load the language model in `folder` in: on a CPU the one in which layers of its width write faster.

    The packed weights below are for bfloat16 alone, and pay even where the CPU has no instructions for it.
    """
    if device.type != "cpu":
        return pick_dtype(device)
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        width = int(config.get("hidden_size") or config["n_embd"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return pick_dtype(device)
    if width < NARROW:
        return torch.float32
    tries = [Choice("float32"), Choice("bfloat16")]
    return choose("writing texts", f"{width} wide", tries, partial(_trial, width)).type


def _trial(width: int, choice: Choice) -> Callable[[], None]:
    """Reads a short prompt and writes tokens with a few layers alone."""
    layers: list[nn.Module] = []
    for _ in range(TRIED_LAYERS):
        linear = nn.Linear(width, 4 * width, bias=False, dtype=choice.type).requires_grad_(False)
        if choice.dtype == "bfloat16":
            try:
                linear = PackedLinear(linear, *pack(linear.weight), keep=False)
            except (AttributeError, RuntimeError) as problem:  # as in pack_weights
                log.info("packed weights are not tried: %s", problem)
        layers.append(linear)
    prompt, token = (torch.ones(rows, width, dtype=choice.type) for rows in (TRIED_ROWS, 1))

    @torch.inference_mode()
    def step() -> None:
        for x in (prompt, *[token] * TRIED_TOKENS):
            for layer in layers:
                layer(x)

    return step


def pack(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Codes and scales of a weight [out, in]: uint8 with two codes a byte if it was 4-bit before, else int8."""
    return _four_bits(weight) if _is_on_grid(weight) else _eight_bits(weight)


def _eight_bits(weight: Tensor) -> tuple[Tensor, Tensor]:
    """int8 [out, in] and the scale [out]."""
    scale = (weight.abs().amax(1, keepdim=True).float() / 127).clamp(min=1e-12)
    return (weight / scale).round_().to(torch.int8), scale[:, 0].to(weight.dtype)


def _grid(weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Codes from 0 to 15 [out, groups, 32], step and lowest value of each group [out, groups, 1]."""
    groups = weight.float().unflatten(1, (-1, GROUP))
    low, high = groups.aminmax(dim=-1, keepdim=True)
    step = ((high - low) / 15).clamp(min=1e-12)
    return groups.sub_(low).div_(step).round_(), step, low


def _is_on_grid(weight: Tensor) -> bool:
    """Whether the weights (their first rows, that is) have 16 values in each group of 32."""
    if weight.shape[1] % GROUP or weight.shape[0] % 16:
        return False
    sample = weight[:64]
    codes, step, low = _grid(sample)
    error = (codes * step + low).flatten(1) - sample
    return bool(error.norm() < SAME * sample.float().norm())


def _four_bits(weight: Tensor) -> tuple[Tensor, Tensor]:
    """The weights as _weight_int4pack_mm_for_cpu takes them; it computes (code - 8) x step + middle."""
    codes, step, low = _grid(weight)
    packed = torch._convert_weight_to_int4pack_for_cpu(codes.flatten(1).to(torch.int32), 1)
    steps = torch.cat([step, low + 8 * step], -1).to(weight.dtype)
    return packed, steps.transpose(0, 1).contiguous()


def pack_weights(network: nn.Module, folder: Path | None = None) -> None:
    """Pack the network's linear layers, where this PyTorch and this CPU can do that.

    Only in bfloat16: the kernels for float32 activations are slower than a plain multiplication. What is packed
    is kept for the next start in `folder`, which has the model's files.
    """
    if network.dtype != torch.bfloat16:
        return
    kept = recall(folder) if folder else {}
    layers = _layers(network, kept) if kept else None
    if layers is None:
        layers = _layers(network)
        if layers and folder:
            buffers = (layer.named_buffers(prefix=name) for name, layer in layers.items())
            keep(folder, dict(chain.from_iterable(buffers)))
        release_memory()  # what packing needed
    for name, layer in (layers or {}).items():
        network.set_submodule(name, layer)


def _layers(network: nn.Module, kept: Mapping[str, Tensor] | None = None) -> dict[str, PackedLinear] | None:
    """What takes the place of each linear layer; None if it cannot be computed here, or comes out different.

    `kept` is what was packed before: "name.codes" and "name.scale".
    """
    linears = {name: module for name, module in network.named_modules() if type(module) is nn.Linear}
    head = network.get_output_embeddings()  # may share its weight with the input
    try:
        layers = {}
        for name, linear in linears.items():
            packed = (kept[f"{name}.codes"], kept[f"{name}.scale"]) if kept else pack(linear.weight.detach())
            layers[name] = PackedLinear(linear, *packed, keep=linear is head)
        if all(map(_works, layers.values())):
            return layers
        problem = "the results differ"
    except (AttributeError, KeyError, RuntimeError) as failure:
        problem = failure
    log.warning("packed weights cannot be used: %s", problem)
    return None


def _works(layer: PackedLinear) -> bool:
    """Whether the layer's two ways of computing agree."""
    x = torch.randn(1, layer.width, generator=torch.Generator().manual_seed(0)).to(layer.scale.dtype)
    return bool(torch.cosine_similarity(layer(x).float(), layer.exact(x).float()) > LEAST_COSINE)
