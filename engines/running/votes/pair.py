"""What a blind test shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engines.messages import Message


@dataclass(frozen=True, eq=False)
class Pair:
    """Something real and something made, alike in all but who made them."""

    real: Any
    made: Any
    first: bool  # whether the real one is the first of the two
    source: Message  # what the real one is, told after the answer

    @property
    def shown(self) -> tuple[Any, Any]:
        """Both in the order in which they are shown."""
        return (self.real, self.made) if self.first else (self.made, self.real)
