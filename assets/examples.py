"""The runs that are shown before a visitor has started one."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from engines.knobs import Config
from engines.running.board import MAX_FRAMES, Board
from engines.running.events import Events, Weights
from engines.running.run_files import save_run
from tabs.page.shared import EXAMPLE_NOTE


def make_example(
    engine: str, config: Config, events: Events, path: Path, grids: int = MAX_FRAMES, weights: bool = True
) -> None:
    """Drive an engine to its end, and keep the run file, with at most so many grids of its history."""
    board = Board(engine, config.to_dict())
    for event in events:
        board.fold(event)
        if board.progress:
            print(f"\r{board.progress.step} of {board.progress.total}", end="", flush=True)
    while len(board.history) > grids:
        board.history, board.stride = board.history[::2], 2 * board.stride
    if not weights:
        board.weights = None
    board.set_state("finished")
    board.note = EXAMPLE_NOTE
    save_run(board, path)
    leave_out(path, "curves.png")  # which are drawn whenever a visitor saves the run
    print(f"\n{path}: {path.stat().st_size / 1e6:.1f} MB")


def halved(events: Events) -> Events:
    """The same, of weights only half the bytes: float16."""
    for event in events:
        if isinstance(event, Weights):
            halves = {k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in event.tensors.items()}
            event = replace(event, tensors=halves)
        yield event


def leave_out(path: Path, name: str) -> None:
    """Write a ZIP file anew, without one of its members."""
    with zipfile.ZipFile(path) as archive:
        kept = {info: archive.read(info) for info in archive.infolist() if info.filename != name}
    with zipfile.ZipFile(path, "w") as archive:
        for info, data in kept.items():
            archive.writestr(info, data)
