"""Fine-tunes the defaults with seed 1 to their end, for the example run: python -m assets.example_finetuning.make

It keeps curves and results, not the classifier.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from assets.examples import make_example
from engines.finetuning.config import ENGINE, FinetuningConfig
from engines.finetuning.engine import finetune
from tabs.finetuning.actions import EXAMPLE_FILE

if __name__ == "__main__":
    config = FinetuningConfig(seed=1)
    with tempfile.TemporaryDirectory() as folder:
        make_example(ENGINE, config, finetune(config, Path(folder)), EXAMPLE_FILE)
