"""The family tree of a run: what it was forked from, and what was forked from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engines.messages import EngineError
from engines.running.runs import Run, Runs

MOST = 60  # runs in a tree
DEEPEST = 20  # generations


@dataclass
class Node:
    """A run of the tree, None of one that is not kept any more; `step` is where it left its parent."""

    id: str
    run: Run | None
    step: int = 0
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        """This one and all that come from it."""
        yield self
        for child in self.children:
            yield from child.walk()


def family(runs: Runs, run: Run) -> Node:
    """The tree in which a run stands, from the eldest that is known."""
    eldest, generations = run, 0
    while eldest.origin and generations < DEEPEST:
        parent = _find(runs, eldest.origin.parent)
        if parent is None:
            gone = Node(eldest.origin.parent, None)
            gone.children = [_with_forks(runs, each, [MOST]) for each in runs.forks_of(gone.id)]
            return gone
        eldest, generations = parent, generations + 1
    return _with_forks(runs, eldest, [MOST])


def _with_forks(runs: Runs, run: Run, left: list[int]) -> Node:
    """A run and its forks; `left` is how many there may still be."""
    node = Node(run.id, run, run.origin.step if run.origin else 0)
    left[0] -= 1
    for fork in runs.forks_of(run.id):
        if left[0] > 0:
            node.children.append(_with_forks(runs, fork, left))
    return node


def _find(runs: Runs, run_id: str) -> Run | None:
    try:
        return runs.get(run_id)
    except EngineError:
        return None
