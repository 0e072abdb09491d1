"""A GPU that is only pretended: PyTorch's FakeTensorMode runs the real code on tensors without content.

They have a shape, a type and a device, and it raises where devices mix. It proves no speed, no value and no memory.
Where PyTorch was built for CUDA and finds no driver, autograd's engine will not walk back over such tensors: there
gradients of the right shape and place stand in for the backward pass, which then is not proved either.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode, unset_fake_temporarily

RealGenerator = torch.Generator


class PretendedGenerator:
    """FakeTensorMode knows no generator of a GPU: one of the CPU stands for each."""

    def __new__(cls, device: Any = "cpu") -> Any:
        return RealGenerator()


def really(make: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is done for real even now, such as to build or read a network on the CPU."""

    def made(*args: Any, **kwargs: Any) -> Any:
        with unset_fake_temporarily():
            return make(*args, **kwargs)

    return made


@contextlib.contextmanager
def pretended_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """Everything made meanwhile is pretended, on the device that it asks for."""
    monkeypatch.setattr(torch, "Generator", PretendedGenerator)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *args: True)
    monkeypatch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)
    monkeypatch.setattr(nn.Module, "_apply", _apply)
    for name in ("numpy", "tolist", "item"):
        monkeypatch.setattr(Tensor, name, _reading(name))
    for name in ("__bool__", "__int__", "__float__"):
        monkeypatch.setattr(Tensor, name, _number(name))
    with FakeTensorMode(allow_non_fake_inputs=True):
        if not _walks_back():
            monkeypatch.setattr(Tensor, "backward", _backward)
            monkeypatch.setattr(torch.autograd, "grad", _grad)
        yield torch.device("cuda")


def assert_on_gpu(net: nn.Module) -> None:
    """Its weights and buffers are there, all of them."""
    assert {tensor.device.type for tensor in net.state_dict().values() if tensor.dim()} == {"cuda"}


def _walks_back() -> bool:
    try:
        torch.ones(1, device="cuda", requires_grad=True).sum().backward()
    except RuntimeError:
        return False
    return True


def _backward(self: Tensor) -> None:
    """Gradients, of zeros, for all leaves that `self` was computed from."""
    assert self.device.type == "cuda"
    assert not self.dim()
    nodes, seen = [self.grad_fn], set()
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        nodes += [before for before, _ in node.next_functions]
        if (leaf := getattr(node, "variable", None)) is not None:
            leaf.grad = torch.zeros_like(leaf)


def _grad(outputs: Tensor, inputs: Any, *rest: Any, **options: Any) -> tuple[Tensor, ...]:
    """Gradients of zeros; with create_graph they depend on the inputs, as real ones do."""
    assert outputs.requires_grad
    inputs = (inputs,) if isinstance(inputs, Tensor) else inputs
    return tuple(x * 0 if options.get("create_graph") else torch.zeros_like(x) for x in inputs)


def _reading(name: str) -> Callable[[Tensor], Any]:
    """What reads a tensor's content: zeros. numpy() only of one on the CPU, as ever."""
    real = getattr(Tensor, name)

    def read(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(self, FakeTensor):
            return real(self, *args, **kwargs)
        if name == "numpy" and self.device.type != "cpu":
            raise TypeError("can't convert a tensor of the GPU to numpy")
        with unset_fake_temporarily():
            zeros = torch.zeros(self.shape, dtype=self.dtype)
            return real(zeros)

    return read


def _number(name: str) -> Callable[[Tensor], Any]:
    real = getattr(Tensor, name)

    def number(self: Tensor) -> Any:
        return real(self) if not isinstance(self, FakeTensor) else getattr(np.float64(0), name)()

    return number


def _apply(self: nn.Module, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> nn.Module:
    """Module._apply, which cannot put a pretended tensor in the place of another one."""
    for child in self.children():
        child._apply(fn)
    with torch.no_grad():
        for key, weight in self._parameters.items():
            if weight is not None:
                self._parameters[key] = nn.Parameter(fn(weight), weight.requires_grad)
        for key, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[key] = fn(buffer)
    return self
