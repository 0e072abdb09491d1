"""Who leads in what, in sentences: by more than the noise of the measure, or it is a tie."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from engines.messages import Message, listed
from engines.running.comparison.entries import Entry
from engines.running.comparison.measures import HIDDEN, SURE, Level, Measure, level, measure_of, order_of, repeated
from engines.running.events import Evaluation

FINAL = "final"  # the group of metrics of an exam that was repeated at the end
TEST = "test"  # the name of what a classifier makes of rows that it was never trained on


def standings(entries: Sequence[Entry], axis: str = "") -> list[Message]:
    """A sentence for each measure in which two or more can be compared.

    Each as it is now, or on an `axis` at the farthest point that all have reached: equal steps, seconds or pictures.
    """
    return [*_of_series(entries, axis), *([] if axis else _of_tests(entries))]


def farthest_shared(entries: Sequence[Entry], axis: str) -> float | None:
    """How far all have come on an axis, None if that is not known of one."""
    ends = [_end(entry, axis) for entry in entries]
    return None if None in ends or not ends else min(ends)


def _end(entry: Entry, axis: str) -> float | None:
    steps = [series.rows[-1][0] for series in entry.series.values() if series.rows]
    return entry.place(max(steps), axis) if steps else None


def columns(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """(group, column) of everything that is measured of any of them, in the charts' order."""
    found = {
        (group, name): None
        for entry in entries
        for group, series in entry.series.items()
        for name in series.names
        if name not in HIDDEN and any(math.isfinite(row[series.names.index(name) + 1]) for row in series.rows)
    }
    return sorted(found, key=lambda key: order_of(*key))


def alike(entries: Sequence[Entry], group: str, column: str) -> list[list[Entry]]:
    """Those that have this measure, in parties whose numbers can be compared."""
    measure = measure_of(group, column)
    having = [entry for entry in entries if group in entry.series and column in entry.series[group].names]
    parties: dict[object, list[Entry]] = {}
    for entry in having:
        parties.setdefault(entry.key(group, measure), []).append(entry)
    return list(parties.values())


def _of_series(entries: Sequence[Entry], axis: str) -> Iterator[Message]:
    shown = columns(entries)
    at = farthest_shared(entries, axis) if axis else None
    if axis and at is None:
        return
    for group, column in shown:
        measure = measure_of(group, column)
        if measure.loss is None or (group == FINAL and axis):
            continue
        for party in alike(entries, group, column):
            if group != FINAL and not axis and all((FINAL, column) in columns([each]) for each in party):
                continue  # the exam at the end says it better
            levels = {each.name: _level(each, group, column, axis, at) for each in party}
            found = {name: one for name, one in levels.items() if one}
            if len(found) > 1:
                yield _sentence(Message(column), found, measure)


def _level(entry: Entry, group: str, column: str, axis: str, at: float | None) -> Level | None:
    series = entry.series[group]
    place = series.names.index(column) + 1
    rows = [row for row in series.rows if at is None or (entry.place(row[0], axis) or 0.0) <= at]
    return (repeated if group == FINAL else level)([row[place] for row in rows])


def _sentence(name: Message, levels: Mapping[str, Level], measure: Measure) -> Message:
    """Who leads, by how much; or that it can't be told."""
    loss, said = measure.loss, _words(measure)
    order = sorted(levels, key=lambda each: loss(levels[each].value))
    few = [each for each in order if levels[each].error is None]
    if few and len(order) - len(few) > 1:
        known = _sentence(name, {each: levels[each] for each in order if each not in few}, measure)
        sentence = "{said} Of {who} there are too few measurements: {values}."
        return Message(sentence, said=known, who=listed(few), values=_values(levels, few, said))
    if few:
        values = _values(levels, order, said)
        return Message(
            "{measure}: {values}; too few measurements so far to say who leads.", measure=name, values=values
        )
    best, second = (levels[each] for each in order[:2])
    close = [each for each in order if not best.beats(levels[each], loss)]
    if len(close) == 1:
        return Message(
            "{measure}: {who} leads, {value} against {other} of {second}; the noise of measuring is ± {noise}.",
            measure=name,
            who=order[0],
            value=said(best.value),
            other=said(second.value),
            second=order[1],
            noise=said(best.noise(second)),
        )
    tie = {
        "measure": name,
        "who": listed(sorted(close)),
        "values": _values(levels, close, said),
        "noise": said(best.noise(levels[close[1]])),
    }
    if len(close) == len(order):
        return Message(
            "{measure}: a tie, {values}; they differ by no more than the noise of measuring, ± {noise}.", **tie
        )
    return Message(
        "{measure}: a tie of {who} ahead of {rest}, {values}; they differ by no more than the noise of measuring,"
        " ± {noise}.",
        **tie,
        rest=listed([each for each in order if each not in close]),
    )


def _values(levels: Mapping[str, Level], order: Sequence[str], said: Callable[[float], str]) -> Message:
    return listed([f"{each} {said(levels[each].value)}" for each in order])


def _words(measure: Measure) -> Callable[[float], str]:
    """A value as a person says it: 38.2, or 87 %."""

    def say(value: float) -> str:
        if not math.isfinite(value):
            return "∞"
        return f"{100 * value:.3g} %" if measure.percent else f"{value:.3g}"

    return say


# --- classifiers -----------------------------------------------------------------------------------------------------


def _of_tests(entries: Sequence[Entry]) -> Iterator[Message]:
    """Accuracy on rows never trained on: on the same rows by those that only one has right (McNemar 1947)."""
    tested = [(entry, entry.board.evaluations.get(TEST)) for entry in entries]
    tested = [(entry, found) for entry, found in tested if found is not None and len(found.rows)]
    parties: dict[object, list[tuple[Entry, Evaluation]]] = {}
    for entry, found in tested:
        parties.setdefault((found.rows, found.label_names), []).append((entry, found))
    for party in parties.values():
        if len(party) > 1:
            yield _test_sentence(sorted(party, key=lambda pair: -pair[1].accuracy))


def _test_sentence(party: Sequence[tuple[Entry, Evaluation]]) -> Message:
    (first, best), (second, other) = party[:2]
    right, also = best.predicted == best.truth, other.predicted == other.truth
    mine, theirs, rows = int((right & ~also).sum()), int((also & ~right).sum()), len(best.rows)
    told = {
        "count": rows,
        "who": first.name,
        "second": second.name,
        "value": f"{100 * best.accuracy:.1f}",
        "other": f"{100 * other.accuracy:.1f}",
        "mine": mine,
        "theirs": theirs,
    }
    if mine - theirs > SURE * math.sqrt(mine + theirs):
        return Message(
            "Of {count} test rows {who} has the most right: {value} % against {other} % of {second}; {mine} rows only"
            " {who} has right, {theirs} only {second}.",
            **told,
        )
    return Message(
        "Of {count} test rows {who} has {value} % right and {second} {other} %: a tie, since {mine} rows only {who}"
        " has right and {theirs} only {second}.",
        **told,
    )
