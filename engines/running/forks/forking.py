"""What a fork has of the run that it goes on from: where it comes from, its settings, and the history so far."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from engines.data.grids import Picture
from engines.knobs import Config
from engines.messages import ConfigError, EngineError, Message, listed
from engines.running.board import ENDED_STATES, Board
from engines.running.board_files import ABOUT, MODEL, read_board, write_members
from engines.running.events import VOTES
from engines.running.run_store import MIMES
from engines.running.shown.moments import Moment, Moments

LEFT_OUT = ("verdict", "shares", "note", "error", "weights")  # of a run's state, which are of its end


@dataclass(frozen=True)
class Origin:
    """Where a fork comes from: the run, its step, and how many seconds it had computed by then."""

    parent: str
    step: int
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None) -> Origin | None:
        """The inverse of to_dict; None of None."""
        return values and cls(str(values["parent"]), int(values["step"]), float(values["seconds"]))


def settings_of_fork(config: Config, changes: Mapping[str, Any], step: int) -> Config:
    """The settings of a fork at `step`: the parent's with these changes.

    Raises ConfigError for a change of what a fork can't change, such as the network's shape, naming what it can; and
    if it would have no steps left. A seed of -1 is the parent's: the point has its state of chance.
    """
    knobs, free = config.knobs(), type(config).free_in_a_fork
    if not free:
        raise EngineError("Runs of this kind can't be forked.")
    asked = {name: value for name, value in changes.items() if (name, value) != ("seed", -1)}
    checked = type(config).from_dict({**config.to_dict(), **asked})
    changed = [name for name in knobs if getattr(checked, name) != getattr(config, name)]
    if fixed := [name for name in changed if name not in free]:
        raise ConfigError(
            "A fork keeps its parent's data and network, so this can't change: {fixed}. What can: {free}.",
            fixed=listed([knobs[name].label for name in fixed]),
            free=listed([knobs[name].label for name in free]),
        )
    if checked.steps <= step:
        raise ConfigError(
            "{field} must be more than {step}, where the fork begins.", field=Message(knobs["steps"].label), step=step
        )
    return checked


def inherit(parent: Board, config: Config, step: int) -> Board:
    """The board of a fork before it begins: the parent's history up to `step`, under the fork's settings."""
    members = {name: make() for name, make in write_members(parent, parent.state) if name != MODEL}
    about = json.loads(members[ABOUT])
    about |= {"config": config.to_dict(), "evaluations": [], "exhibits": [], **dict.fromkeys(LEFT_OUT)}
    about["captions"].pop(VOTES, None)  # which are on the parent
    members[ABOUT] = json.dumps(about).encode()
    board = read_board(_Members(members), (parent.state, *ENDED_STATES))
    board.moments = Moments(tuple(Moment(one.step, one.read()) for one in parent.moments if one.step <= step))
    board.rewind(step)
    board.state = "queued"
    board.started = Board(parent.engine, {}).started
    pairs = board.times.pairs()
    board.active_seconds = pairs[-1][1] if pairs else 0.0
    if board.progress:
        board.progress = replace(board.progress, total=config.steps)
    return board


class _Members:
    """A board's members in memory, as a source."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = members

    def names(self) -> Sequence[str]:
        return list(self._members)

    def read(self, name: str) -> bytes:
        return self._members[name]

    def later(self, name: str) -> bytes:
        return self.read(name)

    def picture(self, name: str) -> Picture:
        return Picture(self.read(name), MIMES[PurePosixPath(name).suffix])
