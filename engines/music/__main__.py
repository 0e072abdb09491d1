"""Train a chorale network without the app.

    python -m engines.music --steps 1000 --out run.zip
    python -m engines.music --recipe small --folder runs/mine

The app opens the run file, and `python app.py --follow runs` shows the run as it goes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from engines.music.config import ENGINE, PRESETS, MusicConfig
from engines.music.engine import train
from engines.running.command_line import train_from

ABOUT = "Train a network that fills holes in chorales; the run file is the same as the app's."


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and return the exit code."""
    return train_from(arguments, ABOUT, ENGINE, MusicConfig, PRESETS, lambda config, own: train(config, (), own))


if __name__ == "__main__":
    sys.exit(main())
