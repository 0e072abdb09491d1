"""Train a melody VAE without the app.

    python -m engines.music.melody_vae --steps 1000 --out run.zip
    python -m engines.music.melody_vae --recipe map --folder runs/mine

The app opens the run file, and `python app.py --follow runs` shows the run as it goes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engines.messages import PlaygroundError
from engines.music.melody_vae.config import ENGINE, PRESETS, MelodyConfig
from engines.music.melody_vae.engine import train
from engines.running.command_line import carry_out, make_parser, prepare, tracking_of
from engines.running.events import Events


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and return the exit code."""
    parser = make_parser(
        "python -m engines.music.melody_vae",
        "Train a VAE of two-bar melodies; the run file is the same as the app's.",
        MelodyConfig,
        PRESETS,
    )
    parsed = parser.parse_args(arguments)
    try:
        config, folder = prepare(parsed, ENGINE, MelodyConfig, PRESETS)

        def events(own: Path) -> Events:
            return train(config, (), own if folder else None)

        return carry_out(ENGINE, config, events, folder, getattr(parsed, "out", None), tracking_of(parsed))
    except PlaygroundError as problem:
        print(problem.message, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
