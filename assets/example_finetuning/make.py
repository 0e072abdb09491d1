"""Fine-tunes the recipe that the tab opens on, with seed 1, to its end: python -m assets.example_finetuning.make

It keeps the run file and the classifier, so that the example can be tried and taken home.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from assets.examples import make_example
from engines.finetuning.classifier import BEST
from engines.finetuning.config import ENGINE, RECIPES, FinetuningConfig
from engines.finetuning.engine import finetune
from tabs.finetuning.actions import EXAMPLE_FILE, EXAMPLE_MODEL
from tabs.finetuning.tab import OPENING

if __name__ == "__main__":
    config = FinetuningConfig(**RECIPES[OPENING].values, seed=1)
    with tempfile.TemporaryDirectory() as folder:
        make_example(ENGINE, config, finetune(config, Path(folder)), EXAMPLE_FILE)
        for name in EXAMPLE_MODEL:
            shutil.copyfile(Path(folder) / BEST / name, EXAMPLE_FILE.with_name(name))
