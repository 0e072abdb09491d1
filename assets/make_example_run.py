"""Trains the run that is shown before one has been started: python -m assets.make_example_run [steps]"""

from __future__ import annotations

import sys

from engines.board import Board
from engines.gan_training.config import GanConfig
from engines.gan_training.engine import train
from engines.run_files import save_run
from tabs.gan_actions import ENGINE, EXAMPLE_FILE
from tabs.shared import EXAMPLE_NOTE


def main(steps: int) -> None:
    """Run the defaults with seed 1 to their end, and keep the run file."""
    config = GanConfig(steps=steps, seed=1)
    board = Board(ENGINE, config.to_dict())
    for event in train(config):
        board.fold(event)
        if board.progress:
            print(f"\r{board.progress.step} of {steps}", end="", flush=True)
    board.set_state("finished")
    board.note = EXAMPLE_NOTE
    save_run(board, EXAMPLE_FILE)
    print(f"\n{EXAMPLE_FILE}: {EXAMPLE_FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else GanConfig().steps)
