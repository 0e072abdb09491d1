"""Every limit on what visitors may use, in one place: on one's own machine, and in a public demo.

    python -m engines.limits

prints the table that stands in the README. Each is set by an environment variable, AIGC_ and its name in
capitals, or by an option of app.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from engines.knobs import Config, knob
from engines.messages import ConfigError, Message
from engines.running.runs import RunLimits

DAY = 24.0


@dataclass(frozen=True)
class Limits(Config):
    """The defaults are for one's own machine; 0 means no limit where the help says so."""

    steps: int = knob(200_000, "Steps of a run", "that trains", low=1, high=10**7)
    run_minutes: float = knob(
        0.0, "Minutes of a run", "that it may compute, pauses left out; 0: any", low=0, high=10**5
    )
    rows: int = knob(
        200_000, "Rows", "of a dataset for fine-tuning; of larger ones some are drawn", low=10, high=10**7
    )
    tokens: int = knob(4_096, "New tokens", "of one answer", low=1, high=10**5)
    picture_work: int = knob(
        2**32, "Picture work", "of one request: width x height x steps x pictures", low=2**12, high=2**40
    )
    upload_mb: int = knob(100, "Upload", "in MB, for one file", low=1, high=10_000)
    slots: int = knob(1, "Trainings at once", "on this machine", low=1, high=64)
    queue: int = knob(20, "Trainings in line", "of all visitors together", low=0, high=1000)
    room_runs: int = knob(
        40, "Trainings of a room", "that run, pause or wait, in turns at one place", low=1, high=1000
    )
    visitor_runs: int = knob(4, "Trainings of a visitor", "that run, pause or wait", low=1, high=100)
    address_runs: int = knob(
        0, "Trainings of an address", "that run, pause or wait, for one IP address; 0: any", low=0, high=1000
    )
    visitor_requests: int = knob(
        0, "Requests of a visitor", "for computing, within a minute; 0: any", low=0, high=10**5
    )
    address_requests: int = knob(
        0, "Requests of an address", "for computing, within a minute, from one IP address; 0: any", low=0, high=10**5
    )
    pause_minutes: float = knob(
        15.0, "Minutes of a pause", "after which a run is stopped, and kept", low=0.1, high=1e5
    )
    kept_runs: int = knob(50, "Runs kept", "after they ended; the oldest go first", low=1, high=10_000)
    kept_hours: float = knob(7 * DAY, "Hours kept", "for runs that ended and for pictures", low=0.1, high=1e5)
    files_hours: float = knob(DAY, "Hours of a file", "that was made for download or uploaded", low=0.1, high=1e4)
    pictures: int = knob(200, "Pictures kept", "of one visitor", low=1, high=10_000)
    worker_mb: int = knob(
        0, "Memory of a worker", "in MB: of one training, of all chats, of all pictures; 0: any", low=0, high=10**7
    )

    @classmethod
    def load(cls, public: bool, environment: Mapping[str, str]) -> Limits:
        """The limits for a public demo or one's own machine, changed by AIGC_… variables; raises ConfigError."""
        values: dict[str, Any] = dict(PUBLIC) if public else {}
        for name, a_knob in cls.knobs().items():
            text = environment.get(variable(name), "").strip()
            if text:
                values[name] = _number(text, type(a_knob.default), variable(name))
        return cls(**values)

    def for_runs(self) -> RunLimits:
        """Those that the runs keep themselves."""
        return RunLimits(
            slots=self.slots,
            queue=self.queue,
            room_runs=self.room_runs,
            kept=self.kept_runs,
            kept_seconds=3600 * self.kept_hours,
            pause_seconds=60 * self.pause_minutes,
            run_seconds=60 * self.run_minutes,
        )

    def allow(self, config: Config) -> Config:
        """The config, with Rows lowered where there is too much; ConfigError if it asks for more than is allowed."""
        asked = config.to_dict()
        if {"width", "height", "steps", "batch"} <= asked.keys():
            self.allow_pictures([config])
        elif asked.get("steps", 0) > self.steps:
            raise _too_much(config, "steps", self.steps)
        if asked.get("max_new_tokens", 0) > self.tokens:
            raise _too_much(config, "max_new_tokens", self.tokens)
        if "rows" in asked:
            return dataclasses.replace(config, rows=min(asked["rows"] or self.rows, self.rows))
        return config

    def asked(self, config: Config) -> dict[str, Any]:
        """The settings of an allowed config as a person asks for them: where Rows are all that are allowed, 0."""
        settings = config.to_dict()
        return settings | {"rows": 0} if settings.get("rows") == self.rows else settings

    def allow_pictures(self, configs: Iterable[Config]) -> None:
        """ConfigError if these, which are one request, ask for too much together."""
        work = sum(map(picture_work, configs))
        if work > self.picture_work:
            raise ConfigError(
                "Width x Height x Steps x Batch size may be at most {limit} here; it is {work}.",
                limit=self.picture_work,
                work=work,
            )


# What a demo with strangers lowers; the rest is as on one's own machine.
PUBLIC: Mapping[str, Any] = MappingProxyType(
    {
        "steps": 30_000,
        "run_minutes": 15.0,
        "rows": 20_000,
        "tokens": 512,
        "picture_work": 2**24,
        "upload_mb": 20,
        "visitor_runs": 2,
        "address_runs": 6,
        "visitor_requests": 30,
        "address_requests": 120,
        "pause_minutes": 5.0,
        "kept_hours": 6.0,
        "files_hours": 6.0,
        "pictures": 60,
    }
)


def picture_work(config: Config) -> int:
    """Width x height x steps x pictures of a config that has them."""
    return config.width * config.height * config.steps * config.batch


def variable(name: str) -> str:
    """The environment variable of a limit."""
    return f"AIGC_{name.upper()}"


def _number(text: str, kind: type, name: str) -> int | float:
    try:
        return kind(text)
    except ValueError as problem:
        raise ConfigError("{name} must be a number; it is {text}.", name=name, text=repr(text)[:40]) from problem


def _too_much(config: Config, name: str, limit: int) -> ConfigError:
    label = Message(config.knobs()[name].label)
    return ConfigError("{field} may be at most {limit} here.", field=label, limit=limit)


def markdown_table() -> str:
    """The README's table of all limits."""
    rows = ["| Limit | | Public demo | Own machine | Variable |", "|---|---|---|---|---|"]
    for name, a_knob in Limits.knobs().items():
        own, public = a_knob.default, PUBLIC.get(name, a_knob.default)
        rows.append(f"| {a_knob.label} | {a_knob.help} | {public:,} | {own:,} | `{variable(name)}` |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(markdown_table())
