"""Runs an engine from the command line: its knobs as options, a line of progress now and then, the same run file.

An engine's __main__ hands its `train` to `train_from`; one with options of its own makes a parser with `make_parser`,
and hands what was parsed to `prepare` and `carry_out`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engines.knobs import Config, Knob, Preset
from engines.messages import EngineError, PlaygroundError
from engines.running.board import Board
from engines.running.checkpoints import can_go_on
from engines.running.events import Events
from engines.running.run import Run, RunLimits, new_id
from engines.running.run_files import save_run
from engines.running.run_store import RECORD, Record, load_board, read_record
from engines.running.slots import Slots
from engines.running.trackers.tracking import KINDS, Tracking, parse

LINE_SECONDS = 2.0
EXIT_CODES = {"finished": 0, "failed": 1, "stopped": 130, "interrupted": 130}  # 130: as after Ctrl+C


def make_parser(
    program: str, description: str, config: type[Config], recipes: Mapping[str, Preset]
) -> argparse.ArgumentParser:
    """A parser with an option for each knob; options that are not given stay out of what it returns."""
    parser = argparse.ArgumentParser(program, description=description, argument_default=argparse.SUPPRESS)
    keep = parser.add_argument_group("where to and where from")
    keep.add_argument("--out", type=Path, metavar="FILE", help="write the run file here at the end; the app opens it")
    keep.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="the run's own folder: written as it goes, so that it can be resumed, and followed by app.py --follow",
    )
    add_tracking(keep)
    keep.add_argument("--resume", action="store_true", help="go on with the run in --folder, with its settings")
    settings = parser.add_argument_group("settings")
    texts = "; ".join(f"{name}: {recipe.title}" for name, recipe in recipes.items())
    settings.add_argument("--recipe", choices=list(recipes), help=f"start from these settings ({texts})")
    for name, knob in config.knobs().items():
        settings.add_argument(f"--{name.replace('_', '-')}", **_option(knob))
    return parser


def add_tracking(to: argparse._ActionsContainer) -> None:
    """The options that say which trackers are told of runs."""
    to.add_argument(
        "--track",
        type=trackers,
        metavar="NAMES",
        default=(),
        help=f"tell trackers of runs as they go, with commas between: {', '.join(KINDS)} (each its own package; wandb"
        " works offline unless WANDB_API_KEY or WANDB_MODE says otherwise)",
    )
    to.add_argument(
        "--track-folder",
        type=Path,
        metavar="DIR",
        default=Path("tracked"),
        help="where TensorBoard's files and those of wandb go (default: %(default)s)",
    )


def trackers(names: str) -> tuple[str, ...]:
    """The trackers of --track; ArgumentTypeError, which argparse shows, for one that can't be used."""
    try:
        return parse(names)
    except EngineError as problem:
        raise argparse.ArgumentTypeError(str(problem.message)) from problem


def tracking_of(arguments: argparse.Namespace) -> Tracking | None:
    """What was asked for with add_tracking."""
    return Tracking(arguments.track, arguments.track_folder) if arguments.track else None


def _option(knob: Knob) -> dict[str, Any]:
    """How argparse is told about a knob. Limits are checked by the knob itself."""
    limits = f", {knob.low:g} to {knob.high:g}" if knob.low is not None and knob.choices is None else ""
    text = f"{knob.label}: {knob.help} (default: {knob.default}{limits})".replace("%", "%%")
    if isinstance(knob.default, bool):
        return {"action": argparse.BooleanOptionalAction, "help": text}
    option: dict[str, Any] = {"type": type(knob.default), "help": text}
    return option | ({"choices": list(knob.choices)} if knob.choices else {"metavar": "NUMBER"})


def prepare(
    arguments: argparse.Namespace, engine: str, config: type[Config], recipes: Mapping[str, Preset]
) -> tuple[Config, Path | None]:
    """The settings that were asked for, or those of the run to resume, and the run's folder.

    Raises ConfigError for a bad setting, and EngineError where there is nothing to resume or something in the way.
    """
    given = vars(arguments)
    folder = given.get("folder")
    values = {name: given[name] for name in config.knobs() if name in given}
    if not given.get("resume"):
        if folder and (folder / RECORD).exists():
            raise EngineError(
                "There is a run in {folder} already; give --resume to go on with it.", folder=str(folder)
            )
        recipe = recipes[given["recipe"]].values if "recipe" in given else {}
        return config.from_dict({**recipe, **values}).with_seed(), folder
    if not folder or not (folder / RECORD).exists():
        raise EngineError("There is no run to go on with; --folder must name its folder.")
    if values or "recipe" in given:
        raise EngineError("A resumed run keeps its settings; give none.")
    record, _ = _kept(folder)
    if record.engine != engine:
        raise EngineError("The run in {folder} is of another engine.", folder=str(folder))
    return config.from_dict(record.config), folder


def train_from(
    arguments: Sequence[str] | None,
    description: str,
    engine: str,
    config: type[Config],
    recipes: Mapping[str, Preset],
    train: Callable[[Config, Path | None], Events],
) -> int:
    """Parse the arguments, or those of the process, train, and return the exit code.

    `train` makes the events of a config; it keeps checkpoints in the folder that it gets, if any.
    """
    program = f"python -m {config.__module__.removesuffix('.config')}"
    parsed = make_parser(program, description, config, recipes).parse_args(arguments)
    try:
        chosen, folder = prepare(parsed, engine, config, recipes)
        out, tracking = getattr(parsed, "out", None), tracking_of(parsed)
        return carry_out(engine, chosen, lambda own: train(chosen, own if folder else None), folder, out, tracking)
    except PlaygroundError as problem:
        print(problem.message, file=sys.stderr)
        return 2


def carry_out(
    engine: str,
    config: Config,
    events: Callable[[Path], Events],
    folder: Path | None,
    out: Path | None,
    tracking: Tracking | None = None,
) -> int:
    """Run the engine here and now and return the exit code; Ctrl+C stops it and keeps what was made."""
    with tempfile.TemporaryDirectory(prefix="aigc-playground-run-") as temporary:
        run = _make_run(engine, config, events, folder, Path(temporary))
        signals = {signal.SIGINT, signal.SIGTERM}
        before = {number: signal.signal(number, lambda *_: _stop(run)) for number in signals}
        try:
            run.launch(Slots(1), RunLimits(), durable=folder is not None, tracking=tracking)
            if folder:
                print(f"run {run.id} in {folder}", flush=True)
            _tell(run)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        for sentence in (
            run.board.error,
            *(said for group, said in run.board.captions.items() if "tracking" in group),
        ):
            if sentence:
                print(sentence, file=sys.stderr)
        if out:
            save_run(run.board, out)
            print(f"written: {out}")
        return EXIT_CODES[run.board.state]


def _make_run(
    engine: str, config: Config, events: Callable[[Path], Events], folder: Path | None, temporary: Path
) -> Run:
    """A run in its folder, with what the folder has of it already."""
    board, run_id = None, new_id()
    if folder and (folder / RECORD).exists():
        record, board = _kept(folder)
        if board.ended and not can_go_on(folder, board.state):
            raise EngineError("This run has ended already.")
        run_id, board.state = record.id, "interrupted"
    run = Run(engine, config, "", temporary, board, run_id, events)
    run.folder = folder or temporary
    return run


def _kept(folder: Path) -> tuple[Record, Board]:
    """What the folder has of a run; EngineError if it is damaged."""
    try:
        record = read_record(folder)
        return record, load_board(folder, record)
    except Exception as problem:  # a damaged file may raise anything
        raise EngineError("What was saved of this run is damaged; start a new one.") from problem


def _stop(run: Run) -> None:
    try:
        run.stop(for_good=False)
    except EngineError:  # it is stopping already, or has ended
        return
    print("stopping…", flush=True)


def _tell(run: Run) -> None:
    """Print a line every two seconds, and at the end."""
    told, ended = "", False
    while not ended:
        run.thread.join(LINE_SECONDS)
        ended = not run.thread.is_alive()
        line = _line(run.board)
        if line != told:
            print(line, flush=True)
            told = line
    print(run.board.state, flush=True)


def _line(board: Board) -> str:
    """Where the run is, such as "step 40 of 100 · 12.3 steps/s · about 5 s left · Loss_D 0.69"."""
    if board.note or board.progress is None:
        return str(board.note or board.state)
    progress, parts = board.progress, []
    parts.append(f"step {progress.step:,} of {progress.total:,}")
    if pace := board.steps_per_second():
        parts.append(f"{pace:.3g} steps/s")
    if (left := board.seconds_left()) is not None:
        parts.append(f"about {left:.0f} s left" if left < 120 else f"about {left / 60:.0f} min left")
    for series in list(board.series.values()):
        for name, value in zip(series.names, series.rows[-1][1:] if series.rows else (), strict=False):
            parts.append(f"{name} {value:.4g}")
    return " · ".join(parts)
