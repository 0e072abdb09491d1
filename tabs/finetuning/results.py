"""What a fine-tuning run's evaluations say, as HTML. Labels and rows come from uploads and are escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import numpy as np

from engines.finetuning.report import ClassScores, cell, class_report, confusion, flips, mistakes
from engines.running.events import Evaluation
from tabs.page.markup import Say, bars, clip, paragraph, percent, section, table

SHOWN = 6  # rows of a list
MANY, FITTING = 6, 16  # classes above which the matrix writes their names upright; which fit beside each other
MOST = 200  # rows of a list that was opened
Row = Callable[[Evaluation, int], str]  # the HTML of one row: its text, its picture, or that it is private


def text_row(evaluation: Evaluation, index: int) -> str:
    """A row that is a text."""
    return escape(clip(evaluation.rows[index]))


def show_scores(evaluations: Mapping[str, Evaluation], say: Say) -> str:
    """How many test rows are right before and after, in bars and in a sentence."""
    if not evaluations:
        return ""
    lines = [
        (say("Before training"), "before"),
        (say("After training"), "test"),
        (say("The old test rows before"), "old_before"),
        (say("The old test rows after"), "old_after"),
    ]
    shares = [(name, evaluations[key].accuracy) for name, key in lines if key in evaluations]
    return section(
        "scores",
        say("Accuracy on rows never trained on"),
        bars((name, share, percent(share)) for name, share in shares),
        paragraph(_changed(evaluations, say)),
        paragraph(_forgotten(evaluations, say)),
    )


def _changed(evaluations: Mapping[str, Evaluation], say: Say) -> str:
    before, after = evaluations.get("before"), evaluations.get("test")
    if after is None:
        return say("Training comes next; then the same rows are asked again.")
    total = f"{len(after.rows):,}"
    if before is None or before.rows != after.rows:
        right = int((after.predicted == after.truth).sum())
        return say("Of {total} test rows, {right} are right.", total=total, right=f"{right:,}")
    fixed, broken = (f"{len(rows):,}" for rows in flips(before, after))
    return say(
        "Of the same {total} test rows, {fixed} became right and {broken} became wrong.",
        total=total,
        fixed=fixed,
        broken=broken,
    )


def _forgotten(evaluations: Mapping[str, Evaluation], say: Say) -> str:
    before, after = evaluations.get("old_before"), evaluations.get("old_after")
    if before is None or after is None:
        return ""
    points = 100 * (before.accuracy - after.accuracy)
    if points < 0.5:
        return say("On the old test rows nothing was forgotten.")
    return say(
        "On the old test rows it lost {points} points: that much was forgotten. More replay forgets less.",
        points=f"{points:.0f}",
    )


def newest_of(evaluations: Mapping[str, Evaluation]) -> Evaluation | None:
    """The evaluation of the test rows that counts now: after training, until then before it."""
    return evaluations.get("test") or evaluations.get("before")


def worst_cell(evaluation: Evaluation) -> tuple[int, int]:
    """(truth, predicted) of the most frequent confusion, or of the largest class if nothing is wrong."""
    counts = confusion(evaluation)
    wrong = counts - np.diag(np.diag(counts))
    truth, predicted = np.unravel_index((wrong if wrong.any() else counts).argmax(), counts.shape)
    return int(truth), int(predicted)


def show_matrix(evaluation: Evaluation | None, say: Say) -> str:
    """The confusion matrix as a table; a cell with rows is a button, the most frequent confusion pressed."""
    if evaluation is None:
        nothing = say(
            "Here will stand how many test rows the classifier gets right before and after training, which classes it"
            " takes for which, and its most confident mistakes."
        )
        return paragraph(nothing, "nothing")
    counts, chosen = confusion(evaluation), worst_cell(evaluation)
    names = _names(evaluation, say)
    head = ["", *(f'<span title="{name}">{name}</span>' for name in names)]
    rows = [
        [title, *(_cell(evaluation, counts, (truth, predicted), chosen, say) for predicted in range(len(names)))]
        for truth, title in enumerate(head[1:])
    ]
    how = say("Rows are the true classes, columns what the classifier says. Press a cell to read its rows.")
    kind = "matrix many" if len(names) > MANY else "matrix"
    title = say("Confusion matrix before training" if evaluation.name == "before" else "Confusion matrix")
    grid = f'<div style="--classes:{len(names)}">{table(head, rows)}</div>'
    wide = say("Scroll sideways to see all classes.") if len(names) > FITTING else ""
    return section(kind, title, paragraph(how), paragraph(wide), grid)


def _cell(
    evaluation: Evaluation, counts: np.ndarray, place: tuple[int, int], chosen: tuple[int, int], say: Say
) -> str:
    truth, predicted = place
    count = int(counts[place])
    if not count:
        return ""
    raw = [clip(evaluation.label_names[label], 60) for label in place]
    about = say("{count} rows of {truth} taken for {predicted}", count=count, truth=raw[0], predicted=raw[1])
    attributes = {
        "class": "right" if truth == predicted else "wrong",
        "style": f"--share:{100 * count / counts[truth].sum():.0f}%",
        "aria-pressed": "true" if place == chosen else "false",
        "aria-label": about,
        "title": about,
        "data-truth": truth,
        "data-predicted": predicted,
    }
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f'<button type="button" {written}>{count}</button>'


def show_cell(evaluation: Evaluation | None, truth: int, predicted: int, row: Row, say: Say) -> str:
    """The rows behind a cell of the matrix, the most confident first."""
    names = _names(evaluation, say) if evaluation else []
    if not (0 <= truth < len(names) and 0 <= predicted < len(names)):
        return ""
    found = cell(evaluation, truth, predicted)
    found = found[np.argsort(-evaluation.probabilities[found, predicted], kind="stable")]
    title = f"{names[truth]} → {names[predicted]}" if truth != predicted else f"{names[truth]} ✓"
    items = [f"<em>{percent(evaluation.probabilities[i, predicted])}</em>{row(evaluation, i)}" for i in found[:MOST]]
    return _listing(title, items, len(found), say)


def show_report(evaluation: Evaluation | None, say: Say) -> str:
    """The classification report."""
    if evaluation is None:
        return ""
    report = class_report(evaluation)
    rows = [
        [name, *_shares(row), f"{row.support:,}"]
        for name, row in zip(_names(evaluation, say), report.rows, strict=True)
    ]
    mean = say("Mean of the classes")
    if report.tested < len(rows):
        mean = say("Mean of the {count} classes tested, of {total}", count=report.tested, total=len(rows))
    foot = [
        [mean, "", "", percent(report.macro_f1), ""],
        [say("Accuracy"), "", "", percent(report.accuracy), f"{len(evaluation.rows):,}"],
    ]
    head = [say("Class"), say("Precision"), say("Recall"), "F1", say("Rows")]
    return section("report", say("Classification report"), table(head, rows, foot))


def _shares(row: ClassScores) -> list[str]:
    """Precision, recall and F1; dashes for a class without test rows."""
    return [percent(share) if row.tested else "–" for share in (row.precision, row.recall, row.f1)]


def show_changes(evaluations: Mapping[str, Evaluation], row: Row, say: Say) -> str:
    """The most confident mistakes, and the predictions that training fixed or broke."""
    before, after = evaluations.get("before"), evaluations.get("test")
    if after is None:
        return ""
    names = _names(after, say)
    sure = after.probabilities.max(1)

    def listing(title: str, indices: np.ndarray, total: int) -> str:
        items = [
            f"{row(after, i)}<small>{names[after.truth[i]]} → {names[after.predicted[i]]} {percent(sure[i])}</small>"
            for i in indices[:MOST]
        ]
        return _listing(title, items, total, say)

    wrong = int((after.predicted != after.truth).sum())
    parts = [listing(say("Most confident mistakes"), mistakes(after, MOST), wrong)]
    if before is not None and before.rows == after.rows:
        titles = say("Fixed by training"), say("Broken by training")
        for title, found in zip(titles, flips(before, after), strict=True):
            parts.append(listing(title, found[np.argsort(-sure[found], kind="stable")], len(found)))
    return f'<div class="columns">{"".join(parts)}</div>'


def _names(evaluation: Evaluation, say: Say) -> list[str]:
    """The classes' names, escaped; those of bundled sets have a Chinese form."""
    return [say(clip(name, 60)) for name in evaluation.label_names]


def _listing(title: str, items: list[str], total: int, say: Say) -> str:
    if not items:
        return section("listing", f"{title} <span>0</span>", paragraph(say("None.")))
    first, others = (
        f"<ol>{''.join(f'<li>{item}</li>' for item in part)}</ol>" for part in (items[:SHOWN], items[SHOWN:])
    )
    more = say("and {count} more", count=f"{total - SHOWN:,}")
    unseen = paragraph(say("and {count} more", count=f"{total - MOST:,}") if total > MOST else "")
    opened = f"<details><summary>{more}</summary>{others}{unseen}</details>" if total > SHOWN else ""
    return section("listing", f"{title} <span>{total:,}</span>", first, opened)
