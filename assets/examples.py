"""The runs that are shown before a visitor has started one."""

from __future__ import annotations

from pathlib import Path

from engines.knobs import Config
from engines.running.board import MAX_FRAMES, Board
from engines.running.events import Events
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
    print(f"\n{path}: {path.stat().st_size / 1e6:.1f} MB")
