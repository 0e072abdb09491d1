"""What every image model has in common: how it is asked for pictures, and what comes back meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Protocol

import numpy as np

from engines.image_generation.config import Blend, ImageConfig
from engines.running.events import Event, Events, Pictures

# Yields Note, Download, Progress and Samples, and is sent whether to stop; returns (uint8 [N, H, W, 3], seconds), or
# None if it was stopped before there was a picture.
Drawing = Generator[Event, bool, "tuple[np.ndarray, float] | None"]


class ImageModel(Protocol):
    """What a loaded model can do; used by one thread at a time."""

    def draw(
        self, config: ImageConfig, image: np.ndarray | None, mask: np.ndarray | None, blends: Sequence[Blend]
    ) -> Drawing:
        """Pictures of a config; see Drawing.

        image uint8 [H, W, 3] and mask bool [H, W], true where to draw, have the config's size; `blends`, if any,
        has one for each picture. A model that makes one picture after the other returns those that are finished.
        """

    def close(self) -> None:
        """Free what the model holds."""


def relay(events: Events, told: Callable[[Event], Event | None]) -> Generator[Event, bool, Pictures | None]:
    """Yield told(event) of a generation's events; returns its Pictures, None if there are none."""
    finished, stop = None, None
    try:
        while True:
            event = events.send(stop)
            if isinstance(event, Pictures):
                finished = event
            else:
                shown = told(event)
                stop = False if shown is None else (yield shown)
    except StopIteration:
        return finished
    finally:
        events.close()
