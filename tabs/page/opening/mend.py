"""A mend: a place in a file of Gradio's that is slow, and how it reads afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Mend(NamedTuple):
    """One place: what stands there in Gradio 6.31, and what stands there afterwards. It does the same, only sooner."""

    file: str  # a module's name, or how a script's name begins; a hash follows
    before: str
    after: str


def mended(text: str, mends: Iterable[Mend]) -> str | None:
    """The text with all the mends in it; None unless each fits exactly once, as in another version of Gradio."""
    if any(text.count(mend.before) != 1 for mend in mends):
        return None
    for mend in mends:
        text = text.replace(mend.before, mend.after)
    return text
