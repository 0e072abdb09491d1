"""What a batcher is asked for: texts to write, and other work with its model."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

from transformers import DynamicCache

from engines.text_generation.config import TextConfig
from engines.text_generation.sampling import Choice, Sampler


@dataclass(eq=False)
class Request:
    """A text to be written. `out` gets each Choice, then the reason of the end or an exception."""

    ids: Sequence[int]  # of the prompt
    config: TextConfig  # with a seed
    out: SimpleQueue[Choice | str | Exception] = field(default_factory=SimpleQueue)
    asked: float = field(default_factory=time.monotonic)
    stopped: bool = False  # set by Batcher.stop
    # used by the batcher's thread only:
    sampler: Sampler | None = None
    cache: DynamicCache | None = None  # what was read so far, until the text gets its row
    length: int = 0  # tokens read
    last: int = 0  # the newest token, not read yet
    written: int = 0

    @property
    def room(self) -> int:
        """Tokens that the text may come to."""
        return len(self.ids) + self.config.max_new_tokens


@dataclass(eq=False)
class Job:
    """Other work with the model: a generator that yields how much is done after each piece.

    `out` gets its result, "stopped" or an exception.
    """

    pieces: Generator[int, None, Any]
    out: SimpleQueue[Any] = field(default_factory=SimpleQueue)
    stopped: bool = False  # set by Batcher.stop
    done: int = 0
