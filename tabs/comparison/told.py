"""What a page is told of several runs: their curves, and the comparison of them. Ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engines.running.comparison.compare import Comparison, Row, compare
from engines.running.comparison.entries import NAMES, Entry
from engines.running.runs import Run, Runs
from tabs.page.live.news import NOTHING, Seen, Snapshot, to_json

Chosen = Sequence["Run | None"]  # None of a run that is not here any more


@dataclass(frozen=True)
class SeenTogether:
    """What a page has that was told of several runs."""

    runs: Mapping[int, Seen] = field(default_factory=dict)  # by their place


class Together:
    """Several runs at one moment, so that all who ask are told the same; as a Snapshot of one."""

    def __init__(self, runs: Runs, chosen: Chosen) -> None:
        self.version = versions(chosen)
        self._runs = [(i, run and Snapshot(run), run) for i, run in enumerate(chosen)]
        self._titles = {i: runs.title(run.engine) for i, run in enumerate(chosen) if run}
        self._times = {i: run.board.times.pairs() for i, run in enumerate(chosen) if run}
        self._comparison = told(compare(entries(runs, chosen)))

    @property
    def seen(self) -> SeenTogether:
        """What a page has that was told this."""
        return SeenTogether({i: snapshot.seen for i, snapshot, _ in self._runs if snapshot})

    def news(self, had: SeenTogether | Seen = NOTHING) -> dict[str, Any]:
        """What a page lacks that `had` seen an older one: of each run as Snapshot.curves, and the comparison whole."""
        known = had.runs if isinstance(had, SeenTogether) else {}
        return {
            "runs": [self._run(i, snapshot, run, known.get(i, NOTHING)) for i, snapshot, run in self._runs],
            "comparison": self._comparison,
        }

    def _run(self, i: int, snapshot: Snapshot | None, run: Run | None, had: Seen) -> dict[str, Any]:
        about = {"name": NAMES[i], "title": self._titles.get(i, "")}
        if snapshot is None:
            return {**about, "state": "gone"}
        times = self._times[i]
        return {
            **about,
            **snapshot.curves(had),
            "times": times,
            "seconds": times[-1][1] if times else 0,
            "batch": getattr(run.config, "batch", 1),
        }


def versions(chosen: Chosen) -> str:
    """Another one whenever one of the runs has something new."""
    return "-".join(str(run.board.version if run else "x") for run in chosen)


def entries(runs: Runs, chosen: Chosen) -> list[Entry]:
    """The runs that are here, each under the name of its place."""
    return [
        Entry(NAMES[i], runs.title(run.engine), run.config, run.board)
        for i, run in enumerate(chosen)
        if run is not None
    ]


def told(comparison: Comparison) -> dict[str, Any]:
    """A comparison ready for JSON; its messages are said in each viewer's own language."""
    return {
        "curves": [
            {"group": c.group, "column": c.column, "percent": c.percent, "from_zero": c.from_zero,
             "comparable": c.comparable}
            for c in comparison.curves
        ],
        "notes": [to_json(note) for note in comparison.notes],
        "standings": [
            {"axis": each.axis, "at": each.at, "sentences": [to_json(one) for one in each.sentences]}
            for each in comparison.standings
        ],
        "settings": _rows(comparison.settings),
        "only_some": _rows(comparison.only_some),
    }  # fmt: skip


def _rows(rows: Sequence[Row]) -> list[list[Any]]:
    return [[row.label, list(row.values)] for row in rows]
