"""Train a picture encoder against frozen sentence vectors without the app.

    python -m engines.clip_training --steps 1000 --out run.zip
    python -m engines.clip_training --recipe small --folder runs/mine

The app opens the run file, and `python app.py --follow runs` shows the run as it goes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from engines.clip_training.config import ENGINE, PRESETS, ClipConfig
from engines.clip_training.engine import train
from engines.running.command_line import train_from

ABOUT = "Bring emoji and their names into one space; the run file is the same as the app's."


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and return the exit code."""
    return train_from(arguments, ABOUT, ENGINE, ClipConfig, PRESETS, lambda config, own: train(config, (), own))


if __name__ == "__main__":
    sys.exit(main())
