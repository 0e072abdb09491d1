"""Prints how this machine computes, as it was measured: `python -m engines.device`; if nothing was, tries some."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

import torch

from engines.device import pick_device, precision
from engines.device.cores import Neighbours
from engines.device.tuning import Choice, choose, kept, processor, ways

SIZES = (256, 1024)


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    device, neighbours = pick_device(), Neighbours()
    free = neighbours.free()
    print(f"{processor()}, torch {torch.__version__}; computes on: {device.type}")
    print(f"Others leave {free} of {os.cpu_count() or 1} cores now.")
    if not kept():
        print("Nothing was measured yet; a few multiplications are tried.")
        precision(torch.device("cpu"))
        for size in SIZES:
            choose("multiplying and adding", f"{size} x {size}", ways(os.cpu_count() or 1), _trial(size), free)
    for key, found in kept().items():
        print(f"\n{key}")
        for tried in found["tried"]:
            taken = "->" if Choice.from_dict(tried) == Choice.from_dict(found["choice"]) else "  "
            print(
                "  {taken} {milliseconds:9.3f} ms  {dtype:8}  threads {threads}  lanes {lanes}  {layout}".format(
                    taken=taken, **tried
                )
            )


def _trial(size: int) -> Callable[[Choice], Callable[[], object]]:
    def trial(choice: Choice) -> Callable[[], object]:
        a, b = (torch.ones(size, size, dtype=choice.type) for _ in range(2))
        return lambda: torch.addmm(a, a, b)

    return trial


if __name__ == "__main__":
    main()
