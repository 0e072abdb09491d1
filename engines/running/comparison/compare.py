"""Two to four runs folded into one comparison: charts, sentences, and the settings in which they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engines.knobs import Knob
from engines.messages import Message, listed
from engines.running.comparison.entries import AXES, Entry
from engines.running.comparison.measures import measure_of
from engines.running.comparison.standings import FINAL, alike, columns, farthest_shared, standings


@dataclass(frozen=True)
class Curves:
    """One measure of several runs over one another; `comparable` if all its numbers mean the same."""

    group: str
    column: str
    percent: bool
    from_zero: bool
    comparable: bool


@dataclass(frozen=True)
class Standing:
    """The sentences on who leads where all have come to `at` on an axis; None and "" as each is now."""

    axis: str
    at: float | None
    sentences: tuple[Message, ...]


@dataclass(frozen=True)
class Row:
    """A setting: a value for each run, None of one that has no such setting."""

    label: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Comparison:
    """What several runs have to say together."""

    curves: tuple[Curves, ...]
    notes: tuple[Message, ...]  # what can't be compared, and why
    standings: tuple[Standing, ...]
    settings: tuple[Row, ...]  # in which those that have them differ
    only_some: tuple[Row, ...]  # that not all have


def compare(entries: Sequence[Entry]) -> Comparison:
    """The comparison as things stand; with one run or none it has little to say."""
    curves = []
    for group, column in shared(entries) or firsts(entries):
        parties, measure = alike(entries, group, column), measure_of(group, column)
        curves.append(Curves(group, column, measure.percent, measure.from_zero, len(parties) == 1))
    differ, some = differences(entries)
    told = [Standing("", None, tuple(standings(entries)))]
    for axis in AXES:
        at = farthest_shared(entries, axis)
        told.append(Standing(axis, at, tuple(standings(entries, axis))))
    return Comparison(tuple(curves), tuple(_notes(entries, curves)), tuple(told), differ, some)


def shared(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """(group, column) of what is measured of more than one of them; of a single run all that is."""
    return [key for key in columns(entries) if len(entries) == 1 or sum(map(len, alike(entries, *key))) > 1]


def firsts(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """What comes first of each, to be read for itself where they have nothing in common."""
    return list(dict.fromkeys(key for entry in entries for key in columns([entry])[:1]))


def differences(entries: Sequence[Entry]) -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The settings in which those that have them differ, and those that only some have."""
    knobs: dict[str, Knob] = {}
    for entry in entries:
        knobs = {**entry.config.knobs(), **knobs}
    differ, some = [], []
    for name, knob in knobs.items():
        values = tuple(_value(entry, name) for entry in entries)
        having = [value for value in values if value is not None]
        row = Row(knob.label, values)
        if any(value != having[0] for value in having):
            differ.append(row)
        elif len(having) < len(values):
            some.append(row)
    return tuple(differ), tuple(some)


def _value(entry: Entry, name: str) -> Any:
    """The label of a choice, else the value; None where there is no such setting."""
    knob = entry.config.knobs().get(name)
    if knob is None:
        return None
    value = getattr(entry.config, name)
    return knob.choices[value] if knob.choices else value


def _notes(entries: Sequence[Entry], curves: Sequence[Curves]) -> list[Message]:
    """What can't be compared, and why."""
    notes = [*_on_data(entries), *_on_losses(entries, curves), *_on_the_end(entries)]
    if len({(entry.title, entry.batch) for entry in entries}) > 1:
        notes.append(
            Message(
                "A step is not the same amount of work in each: on the axis of seconds they get the same computing,"
                " on that of pictures the same examples."
            )
        )
    if unknown := [entry.name for entry in entries if not entry.times]:
        untimed = "It was not kept how the time of {who} passed, so it is missing on the axis of seconds."
        notes.append(Message(untimed, who=listed(unknown)))
    elif len({entry.computed for entry in entries}) > 1:
        notes.append(
            Message("They were not computed in the same way or not on the same machine; seconds tell of that as well.")
        )
    return notes


def _on_data(entries: Sequence[Entry]) -> list[Message]:
    parties: dict[object, list[Entry]] = {}
    for entry in entries:
        parties.setdefault(entry.data, []).append(entry)
    if len(parties) < 2:
        return []
    said = [
        Message("{who}: {what}", who=listed([one.name for one in party]), what=party[0].data_title)
        for party in parties.values()
    ]
    return [
        Message(
            "They do not learn from the same data ({data}), or it can't be told that they do, so nothing that was"
            " measured on it says who is better; what is shown is to be read for each by itself.",
            data=listed(said),
        )
    ]


def _on_the_end(entries: Sequence[Entry]) -> list[Message]:
    """Who has no exam at the end of a race that others have."""
    without = [entry.name for entry in entries if entry.board.ended and FINAL not in entry.series]
    if not without or len(without) == len(entries):
        return []
    return [Message("{who} ended before its time, so it has no exam at the end.", who=listed(without))]


def _on_losses(entries: Sequence[Entry], curves: Sequence[Curves]) -> list[Message]:
    kinds: dict[str, list[str]] = {}
    common = set(shared(entries))
    for entry in entries:
        kinds.setdefault(entry.title, []).append(entry.name)
    alike_in = [Message(each.column) for each in curves if each.comparable and (each.group, each.column) in common]
    if len(kinds) > 1:
        said = [Message("{who}: {what}", who=listed(who), what=Message(kind)) for kind, who in kinds.items()]
        if not alike_in:
            sentence = "They are models of different kinds ({kinds}), and no measure of theirs means the same in all."
            return [Message(sentence, kinds=listed(said))]
        return [
            Message(
                "They are models of different kinds ({kinds}): their losses measure different things. What can be"
                " compared: {measures}.",
                kinds=listed(said),
                measures=listed(list(dict.fromkeys(alike_in))),
            )
        ]
    apart = [Message(each.column) for each in curves if not each.comparable]
    if apart and len({entry.data for entry in entries}) == 1:
        different = "These are measured or meant differently in them, so they can't be compared: {measures}."
        return [Message(different, measures=listed(list(dict.fromkeys(apart))))]
    return []
