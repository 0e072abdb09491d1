"""Train a melody VAE without the app.

    python -m engines.music.melody_vae --steps 1000 --out run.zip
    python -m engines.music.melody_vae --recipe map --folder runs/mine

The app opens the run file, and `python app.py --follow runs` shows the run as it goes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from engines.music.melody_vae.config import ENGINE, PRESETS, MelodyConfig
from engines.music.melody_vae.engine import train
from engines.running.command_line import train_from

ABOUT = "Train a VAE of two-bar melodies; the run file is the same as the app's."


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and return the exit code."""
    return train_from(arguments, ABOUT, ENGINE, MelodyConfig, PRESETS, lambda config, own: train(config, (), own))


if __name__ == "__main__":
    sys.exit(main())
