"""Train a language model from nothing without the app.

    python -m engines.gpt_training --steps 300 --out run.zip
    python -m engines.gpt_training --data own --text book.txt --folder runs/mine
    python -m engines.gpt_training --recipe lstm --script script.zip

The app opens the run file, and `python app.py --follow runs` shows the run as it goes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from engines.gpt_training.config import ENGINE, PRESETS, GptConfig
from engines.gpt_training.engine import train
from engines.gpt_training.take_home.script import script_files
from engines.messages import PlaygroundError
from engines.running.command_line import carry_out, make_parser, prepare, tracking_of
from engines.running.events import Events
from engines.running.take_home.scripts import add_script_option, write_script


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and return the exit code."""
    parser = make_parser(
        "python -m engines.gpt_training",
        "Train a small language model from nothing; the run file is the same as the app's.",
        GptConfig,
        PRESETS,
    )
    parser.add_argument("--text", metavar="FILE", help="with --data own: a .txt or .md file")
    add_script_option(parser)
    parsed = parser.parse_args(arguments)
    uploads = (parsed.text,) if "text" in parsed else ()
    try:
        config, folder = prepare(parsed, ENGINE, GptConfig, PRESETS)
        if "script" in parsed:
            write_script(script_files(config, uploads), parsed.script)
            return 0

        def events(own: Path) -> Events:
            return train(config, uploads, own if folder else None)

        return carry_out(ENGINE, config, events, folder, getattr(parsed, "out", None), tracking_of(parsed))
    except PlaygroundError as problem:
        print(problem.message, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
