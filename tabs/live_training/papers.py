"""What the papers' measures of a run of pictures say, beside what real pictures reach."""

from __future__ import annotations

from collections.abc import Mapping

from engines.live_training.exam.papers import MADE, MEASURES, REAL
from engines.messages import Message
from engines.running.events import Metrics
from tabs.page.markup import Say, paragraph, table

ABOUT = Message(
    "FID, Inception Score, KID, precision and recall in the features of Inception, as papers print them. They rest on"
    " few pictures here, so the row of real pictures says what a perfect model would reach. It takes minutes on a CPU."
)
BETTER = {"FID": "↓", "Inception Score": "↑", "KID": "↓", "Precision": "↑", "Recall": "↑"}


def told_in_table(found: Mapping[str, Metrics], say: Say) -> str:
    """Both rows, and on how many pictures they rest."""
    rows = [
        [say(name), *(number(key, found[group].values[key]) for key in MEASURES)]
        for group, name in ((MADE, Message("Made pictures")), (REAL, Message("Other real pictures")))
    ]
    head = ["", *(f"{say(key)} {BETTER[key]}" for key in MEASURES)]
    count = found[MADE].step
    rests = say(Message("On {count} pictures each, against as many real ones; KID times 1,000.", count=count))
    return table(head, rows) + paragraph(rests)


def number(measure: str, value: float) -> str:
    """As papers print it."""
    return f"{value:.2f}" if measure in ("FID", "Inception Score", "KID") else f"{value:.3f}"
