"""Trains the fine-tuning run that is shown before one has been started: python -m assets.make_example_finetuning"""

from __future__ import annotations

import tempfile
from pathlib import Path

from engines.board import Board
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.engine import finetune
from engines.run_files import save_run
from tabs.finetuning_actions import ENGINE, EXAMPLE_FILE
from tabs.shared import EXAMPLE_NOTE


def main() -> None:
    """Run the defaults with seed 1 to their end, and keep the run file: curves and results, not the classifier."""
    config = FinetuningConfig(seed=1)
    board = Board(ENGINE, config.to_dict())
    with tempfile.TemporaryDirectory() as folder:
        for event in finetune(config, Path(folder)):
            board.fold(event)
            if board.progress:
                print(f"\r{board.progress.step} of {board.progress.total}", end="", flush=True)
    board.set_state("finished")
    board.note = EXAMPLE_NOTE
    save_run(board, EXAMPLE_FILE)
    print(f"\n{EXAMPLE_FILE}: {EXAMPLE_FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
