"""Trains without the app: what `python -m engines.<family>_training` does.

    python -m engines.gan_training --dataset mnist --steps 2000 --out run.zip
    torchrun --nproc-per-node 2 -m engines.gan_training --folder runs/mine

The app opens the run file, and `python app.py --follow runs` shows the run as it goes.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engines.knobs import Config
from engines.live_training.engine import train
from engines.live_training.family import Family
from engines.messages import PlaygroundError
from engines.running.command_line import carry_out, make_parser, prepare, tracking_of
from engines.running.events import Events

if TYPE_CHECKING:
    from engines.live_training.team import Team


def main(family: Family, arguments: Sequence[str] | None = None) -> int:
    """Parse, train, and return the exit code."""
    parser = make_parser(
        f"python -m engines.{family.engine}",
        f"Train without the app ({family.title}); the run file and the folder are the same as the app's. Under"
        " torchrun several processes train together, each with its share of the pictures and of every batch.",
        family.config,
        family.presets,
    )
    names = ["--own", *([] if "pictures" in family.config.knobs() else ["--pictures"])]
    parser.add_argument(
        *names, nargs="+", default=(), metavar="FILE", dest="own", help="with --dataset own: picture files, or one ZIP"
    )
    parsed = parser.parse_args(arguments)
    pictures = tuple(map(str, parsed.own))
    team = _join_team()
    try:
        config, folder = _settings(family, parsed, team)
        if team and team.rank:
            _assist(family, config, pictures, folder, team)
            return 0

        def events(own: Path) -> Events:
            return train(family, config, pictures, own if folder else None, team)

        return carry_out(family.engine, config, events, folder, getattr(parsed, "out", None), tracking_of(parsed))
    except PlaygroundError as problem:
        print(problem.message, file=sys.stderr)
        return 2
    finally:
        if team:
            team.leave()


def _join_team() -> Team | None:
    """The processes that torchrun started, if it did."""
    if "LOCAL_WORLD_SIZE" not in os.environ:
        return None
    from engines.live_training.team import Team

    return Team.join()


def _settings(family: Family, parsed: argparse.Namespace, team: Team | None) -> tuple[Config, Path | None]:
    """The settings and the run's folder; rank 0 decides, since the seed may be random."""
    if team is None:
        return prepare(parsed, family.engine, family.config, family.presets)
    said = b""
    if team.rank == 0:
        config, _ = prepare(parsed, family.engine, family.config, family.presets)
        said = json.dumps(config.to_dict()).encode()
    return family.config.from_dict(json.loads(team.share(said))), getattr(parsed, "folder", None)


def _assist(family: Family, config: Config, pictures: Sequence[str], folder: Path | None, team: Team) -> None:
    """Train with rank 0, which also says when to stop."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for _ in train(family, config, pictures, folder, team):
        pass
