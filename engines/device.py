"""Which device and how much memory there is. Imports torch: for engines only."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
import threading
from pathlib import Path

import torch

from engines.running.workers.zero_gpu import lacks_gpu

LOWER = 10  # niceness


def has_gpu() -> bool:
    """Whether this process can use a CUDA GPU; on ZeroGPU PyTorch says so in every process."""
    return torch.cuda.is_available() and not lacks_gpu()


def pick_device() -> torch.device:
    """CUDA, else Apple's MPS, else the CPU."""
    if has_gpu():
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
    if has_gpu():
        torch.cuda.empty_cache()


def precision(device: torch.device) -> torch.dtype:
    """The type of the multiplications: bfloat16 where it was measured to pay, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(False) else torch.float32
    if device.type == "cpu" and torch.cpu._is_amx_tile_supported():
        return torch.bfloat16
    return torch.float32


def leave_cores(processes: int = 1) -> None:
    """Makes PyTorch use half of the cores from here on, so one of two; or a share of that for one of `processes`.

    Threads meet after each of the hundreds of small operations of a step, and one that must wait for a core
    holds up all: on two cores that something else also used, two threads were 2 to 50 times slower than one.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // (2 * processes)))


def give_way() -> None:
    """Lowers the priority of the calling thread on Linux, so that a training beside it keeps most of its pace.

    What it starts inherits that, and nothing takes it back.
    """
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWER)


def keep_freed_memory() -> None:
    """Makes glibc keep up to 256 MB that were freed; malloc_trim gives them back.

    By default large blocks go back at once, and a thousand page faults a step to get them again took 12 %.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(-1, 256 << 20)  # M_TRIM_THRESHOLD: free bytes at the top before they are handed back
        mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD: size from which a block is mapped by itself


def pick_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies in it, float16 on older GPUs, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(False) else torch.float16
    if device.type == "mps":
        return torch.float16
    fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def free_memory() -> int:
    """Bytes that a model may take now: of the GPU, else of the computer."""
    return torch.cuda.mem_get_info()[0] if has_gpu() else free_host_memory()


def free_host_memory() -> int:
    """Bytes of the computer's memory that a program may take now."""
    try:
        text = Path("/proc/meminfo").read_text()
        return 1024 * int(text.split("MemAvailable:")[1].split()[0])
    except (OSError, IndexError, ValueError):  # not Linux
        return 2**63


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an exception means that the device's or the computer's memory is used up."""
    return isinstance(problem, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(problem, RuntimeError) and "allocate memory" in str(problem)
    )
