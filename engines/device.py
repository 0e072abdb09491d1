"""Which device and how much memory there is. Imports torch: for engines only."""

from __future__ import annotations

import ctypes
import gc
import sys

import torch


def pick_device() -> torch.device:
    """CUDA, else Apple's MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def release_memory() -> None:
    """Give freed memory back; call it after the last reference to a model is gone."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim:  # glibc keeps what was freed in small pieces
        trim(0)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
