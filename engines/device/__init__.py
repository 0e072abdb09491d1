"""Which device, how much memory and which way to compute there is. Imports torch: for engines only."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import torch

from engines.device.tuning import Choice, choose, ways
from engines.running.workers.zero_gpu import lacks_gpu

LOWER = 12  # niceness, as OTHERS_NICE of workers/pool.py
ROWS, WIDTH = 256, 1024  # of the multiplication that decides for a number type


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
    """The type of the multiplications where the network at hand is not tried out: see `pick_dtype`; never float16."""
    found = pick_dtype(device)
    return torch.float32 if found == torch.float16 else found


def usual(device: torch.device, processes: int = 1) -> Choice:
    """How to compute where nothing is tried out: on a GPU, or as one of `processes` that meet every step."""
    threads = max(1, (os.cpu_count() or 2) // (2 * processes))
    return Choice(str(precision(device)).removeprefix("torch."), threads)


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
    """bfloat16 where the device multiplies faster in it, as measured on a CPU; float16 on older GPUs; else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(False) else torch.float16
    if device.type == "mps":
        return torch.float16
    return choose("multiplying", f"{ROWS} x {WIDTH} x {WIDTH}", ways(1), _multiplication).type


def _multiplication(choice: Choice) -> Callable[[], object]:
    """A layer as those of small transformers; made once, multiplied often."""
    x, weight = (torch.ones(rows, WIDTH, dtype=choice.type) for rows in (ROWS, WIDTH))
    return lambda: torch.nn.functional.linear(x, weight)


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
