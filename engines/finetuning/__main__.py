"""Fine-tune a classifier without the app.

    python -m engines.finetuning --dataset intents --folder runs/mine --out run.zip
    python -m engines.finetuning --dataset own_texts --data reviews.csv --folder runs/mine

The app opens the run in `python app.py --follow runs`; the classifier, which plain transformers load, lies in the
run's folder, in best.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engines.finetuning.config import ENGINE, RECIPES, FinetuningConfig
from engines.finetuning.engine import finetune
from engines.messages import EngineError, PlaygroundError
from engines.running.command_line import carry_out, make_parser, prepare, tracking_of
from engines.running.events import Events


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and return the exit code."""
    parser = make_parser(
        "python -m engines.finetuning",
        "Fine-tune a classifier without the app; the run file and the folder are the same as the app's. The"
        " classifier lies in the folder's best.",
        FinetuningConfig,
        RECIPES,
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="with --dataset own_texts: a CSV, TSV or JSONL; with own_pictures: a ZIP with a folder a class",
    )
    parsed = parser.parse_args(arguments)
    uploads = (str(parsed.data),) if "data" in parsed else ()
    try:
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise EngineError("Fine-tuning runs in one process; start it without torchrun.")
        if "data" in parsed and not parsed.data.is_file():
            raise EngineError("There is no file {file}.", file=str(parsed.data))
        config, folder = prepare(parsed, ENGINE, FinetuningConfig, RECIPES)

        def events(own: Path) -> Events:
            return finetune(config, own, uploads)

        return carry_out(ENGINE, config, events, folder, getattr(parsed, "out", None), tracking_of(parsed))
    except PlaygroundError as problem:
        print(problem.message, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
