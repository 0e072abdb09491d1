"""Train a picture encoder against frozen sentence vectors without the app.

    python -m engines.clip_training --steps 1000 --out run.zip
    python -m engines.clip_training --recipe small --folder runs/mine

The app opens the run file, and `python app.py --follow runs` shows the run as it goes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engines.clip_training.config import ENGINE, PRESETS, ClipConfig
from engines.clip_training.engine import train
from engines.messages import PlaygroundError
from engines.running.command_line import carry_out, make_parser, prepare, tracking_of
from engines.running.events import Events


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and return the exit code."""
    parser = make_parser(
        "python -m engines.clip_training",
        "Bring emoji and their names into one space; the run file is the same as the app's.",
        ClipConfig,
        PRESETS,
    )
    parsed = parser.parse_args(arguments)
    try:
        config, folder = prepare(parsed, ENGINE, ClipConfig, PRESETS)

        def events(own: Path) -> Events:
            return train(config, (), own if folder else None)

        return carry_out(ENGINE, config, events, folder, getattr(parsed, "out", None), tracking_of(parsed))
    except PlaygroundError as problem:
        print(problem.message, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
