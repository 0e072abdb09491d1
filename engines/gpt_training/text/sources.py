"""The texts that there are to learn: bundled ones, and a visitor's own.

checkpoint/text.txt in a run's folder holds a visitor's own as it was read, since uploads are soon deleted, and a run
that was cut off goes on with it.
"""

from __future__ import annotations

import logging
import lzma
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from engines.data.cards import ASSETS
from engines.gpt_training.config import ENGLISH, FOLK, MAX_VOCABULARY, NAMES, OF_TUNES, OWN, OWN_TUNES, GptConfig
from engines.gpt_training.text.own import read_own
from engines.gpt_training.text.own_tunes import read_tunes
from engines.gpt_training.text.poems import planned_poems, poems
from engines.messages import Message
from engines.music.measures.tunes import counted
from engines.music.score.folk_songs import songs
from engines.running.run_store import CHECKPOINT, write_atomically

log = logging.getLogger(__name__)


def load_documents(config: GptConfig, uploads: Sequence[str] = (), folder: Path | None = None) -> list[str]:
    """The documents to learn: many short ones, such as quatrains, or a few long texts.

    ConfigError if a visitor's own cannot be used, EngineError if what is not bundled is not there.
    """
    if config.data == OWN:
        return [_own(lambda: read_own(uploads), folder)]
    if config.data in OF_TUNES:
        found = _tunes(config, uploads, folder)
        return [counted(line) for line in found] if config.bars else found
    if config.data == ENGLISH:
        with lzma.open(ASSETS / "english_classics" / "texts.txt.xz", "rt", encoding="ascii") as file:
            return file.read().split("\f")
    if config.data == NAMES:
        return (ASSETS / "names" / "names.txt").read_text("ascii").split("\n")
    return planned_poems() if config.plan else poems()


def _tunes(config: GptConfig, uploads: Sequence[str], folder: Path | None) -> list[str]:
    if config.data == OWN_TUNES:
        return _own(lambda: "\n".join(read_tunes(uploads)), folder).split("\n")
    return songs() if config.data == FOLK else tunes()


def tunes() -> list[str]:
    """The bundled tunes, each in one line of ABC."""
    with lzma.open(ASSETS / "tunes" / "tunes.txt.xz", "rt", encoding="ascii") as file:
        return file.read().split("\n")


def left_unknown(documents: Sequence[str]) -> Message | None:
    """What to say where there are more characters than a vocabulary holds."""
    counts = Counter("".join(documents))
    rare = sorted(counts.values())[: max(0, len(counts) - MAX_VOCABULARY + 2)]
    if not rare:
        return None
    return Message(
        "There are {count} different characters: the {rare} rarest, {share} % of the text, are all read as {unknown}.",
        count=len(counts),
        rare=len(rare),
        share=f"{100 * sum(rare) / max(1, counts.total()):.2g}",
        unknown="\ufffd",
    )


def _own(read: Callable[[], str], folder: Path | None) -> str:
    """What `read` gives, or gave when the run began."""
    kept = folder / CHECKPOINT / "text.txt" if folder else None
    if kept and kept.exists():
        return kept.read_text("utf-8")
    text = read()
    if kept:
        try:
            kept.parent.mkdir(exist_ok=True)
            write_atomically(kept, text.encode(), sync=True)
        except OSError as problem:  # without it the run can't be resumed, but goes on
            log.warning("the text could not be kept: %s", problem)
    return text
