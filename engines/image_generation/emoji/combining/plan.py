"""What is to be seen where: the plan of a picture of several things. Pure data, no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType

from engines.messages import Message, listed

MOST = 6  # things on a picture
COLOURS = MappingProxyType(
    {
        "red": Message("red"),
        "orange": Message("orange"),
        "yellow": Message("yellow"),
        "green": Message("green"),
        "blue": Message("blue"),
        "purple": Message("purple"),
        "pink": Message("pink"),
        "brown": Message("brown"),
        "gray": Message("gray"),
        "black": Message("black"),
        "white": Message("white"),
    }
)
DRAWN = 3  # of several that are alike, so many are drawn; the others are copies of them


@dataclass(frozen=True)
class Thing:
    """Something that the model draws by itself."""

    phrase: str  # a phrase that it knows
    colour: str = ""  # what it is coloured in afterwards, "" to leave it as it is
    count: int = 1
    size: str = ""  # "big", "small"
    said: str = field(default="", compare=False)  # in the prompt's words, where they are not English

    @property
    def quoted(self) -> str:
        """What it is drawn from, and what was said for it."""
        return f"“{self.said} → {self.phrase}”" if self.said else f"“{self.phrase}”"

    def told(self) -> Message:
        """It in words."""
        told = Message(self.quoted)
        if self.colour:
            told = Message("{thing} (coloured {colour})", thing=self.quoted, colour=COLOURS[self.colour])
        return Message("{thing} × {count}", thing=told, count=self.count) if self.count > 1 else told


@dataclass(frozen=True)
class Plan:
    """Things, and how the first lies to the others: a relation of placing.LAYOUTS."""

    things: tuple[Thing, ...]
    relation: str = "beside"

    def told(self) -> Message:
        """It in a sentence."""
        if len(self.things) == 1 and self.things[0].count == 1 and not self.things[0].colour:
            return Message("The model reads: {english}.", english=self.things[0].quoted)
        if len(self.things) == 1 and self.things[0].count == 1:
            thing, colour = self.things[0].quoted, COLOURS[self.things[0].colour]
            return Message(
                "Drawn as {thing} by the model and coloured {colour} afterwards.", thing=thing, colour=colour
            )
        return Message(
            "Drawn one by one and put together, {where}: {things}. In one go the model draws them less sharply.",
            things=listed([thing.told() for thing in self.things]),
            where=WHERE[self.relation],
        )


WHERE = MappingProxyType(
    {
        "beside": Message("side by side"),
        "on": Message("the first on the second"),
        "above": Message("the first above the second"),
        "under": Message("the first under the second"),
        "in": Message("the first in the second"),
        "among": Message("the second around the first"),
        "before": Message("the first in front of the second"),
        "scene": Message("the first in front of the second"),
        "behind": Message("the first behind the second"),
        "worn": Message("the second on the head of the first"),
    }
)
