"""What a model that was trained from nothing can read, and the plan that stands unseen before its quatrains."""

from __future__ import annotations

from collections.abc import Callable

from engines.catalog import ModelCard
from engines.messages import ConfigError

LONGEST = 32  # characters of a quatrain of seven, marks included
MARKS = str.maketrans(",;；、.?!？！", "，，，，。。。。。")
SHOWN = 8  # unknown characters that are named


def tidied(card: ModelCard, text: str) -> str:
    """The text as the model learnt to read it: a quatrain has no blanks, Chinese marks and simplified characters."""
    if not (card.beginning and card.beginning.quatrains):
        return text
    from engines.gpt_training.measures.form import prosody

    simplified = prosody().simplified
    return "".join(simplified.get(character, character) for character in "".join(text.split()).translate(MARKS))


def plan_before(card: ModelCard, text: str, seed: int) -> str:
    """The plan to stand before a tidied text, "" of models that make none; what the text leaves open is drawn."""
    if not (card.beginning and card.beginning.planned):
        return ""
    from engines.gpt_training.text.plans import plan_for

    return plan_for(text, seed)


def check(card: ModelCard, text: str, knows: Callable[[str], bool]) -> None:
    """ConfigError if this model can't read such a tidied text; `knows(character)` says whether it has a token."""
    if card.beginning is None:
        return
    unknown = [character for character in dict.fromkeys(text) if not knows(character)]
    if unknown:
        raise ConfigError(
            "{model} has never seen {characters}; write without.",
            model=card.title,
            characters=" ".join(unknown[:SHOWN]) + (" …" if len(unknown) > SHOWN else ""),
        )


def check_beginning(card: ModelCard, text: str) -> None:
    """ConfigError if a tidied text is no beginning of a quatrain that this model could write on."""
    if not (card.beginning and card.beginning.quatrains):
        return
    if sum(map(text.count, "，。")) >= 4:
        raise ConfigError("This poem has its four lines already. Take the last one away, and another is written.")
    if len(text) >= LONGEST:
        raise ConfigError(
            "A quatrain has at most {most} characters, marks included; this beginning has {count}.",
            most=LONGEST,
            count=len(text),
        )
