"""Train a model of points on the plane without the app.

    python -m engines.points_training --family vae --data spirals --out run.zip

The app opens the run file, and `python app.py --follow runs` shows the run as it goes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from engines.points_training.config import ENGINE, PRESETS, PointsConfig
from engines.points_training.engine import train
from engines.running.command_line import train_from

ABOUT = "Train a GAN, a VAE or a diffusion model on points of the plane; the run file is the same as the app's."


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and return the exit code."""
    return train_from(arguments, ABOUT, ENGINE, PointsConfig, PRESETS, train)


if __name__ == "__main__":
    sys.exit(main())
