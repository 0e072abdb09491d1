"""How what was made becomes files: in the visitor's gallery, or on their way to a script."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PIL import Image

from engines.data.grids import animate
from engines.image_generation.emoji.combining.grammar import plan_of
from engines.image_generation.gallery import Gallery, Kept
from engines.image_generation.picture_files import animation, png_files, sheet_png, to_zip
from engines.messages import EngineError, Message
from engines.running.events import Event, Pictures
from engines.running.run_files import saving
from tabs.page.outbox import Outbox

File = tuple[str, bytes]  # name and content
FILM_SECONDS = 4.0
FORMATS = {"webp": "WebP", "gif": "GIF"}


class Keeper:
    """Puts files into the gallery, and into a folder from which Gradio fetches them."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery, self.outbox = gallery, Outbox()

    def keep_pictures(self, owner: str, made: Event | None, ranking: Sequence[tuple[int, Message]] = ()) -> list[Kept]:
        """A batch, one file each; nothing if it was stopped before one was finished.

        With a ranking the pictures come in its order of places, each with what that says of it.
        """
        if not isinstance(made, Pictures):
            return []
        seeds = [made.config.seed_of(i) for i in range(len(made.images))]
        about = [_facts(made, Message("Seed {seed}", seed=seed)) for seed in seeds]
        if plan := plan_of(made.config):
            about = [Message("{about} · {note}", about=one, note=plan.told()) for one in about]
        files = picture_files(made)
        if ranking:
            files = [files[place] for place, _ in ranking]
            about = [Message("{about} · {note}", about=about[place], note=note) for place, note in ranking]
        return self.gallery.add(owner, files, alt_text(made), about)

    def keep_grid(self, owner: str, made: Event | None) -> list[Kept]:
        """An X/Y grid as one picture."""
        if not isinstance(made, Pictures):
            return []
        about = _facts(made, Message("X/Y grid, seed {seed}", seed=made.config.seed))
        if made.axes:  # in full, which the picture's own labels have no room for, and no Chinese letters
            about = Message("{about}. {axes}", about=about, axes=made.axes.legend())
        return self.gallery.add(owner, [grid_file(made)], alt_text(made), [about])

    def keep_walk(self, owner: str, made: Event | None, kind: str) -> list[Kept]:
        """A walk as an animation of a kind in FORMATS."""
        if not isinstance(made, Pictures):
            return []
        about = _facts(made, Message("A walk of {count} pictures from seed {seed}", count=len(made.images),
                                     seed=made.config.seed))  # fmt: skip
        return self.gallery.add(owner, [walk_file(made, kind)], alt_text(made), [about])

    def write(self, files: Sequence[File]) -> list[str]:
        """The paths of files that a page or a script fetches now."""
        return [self._write(name, data) for name, data in files]

    def zip(self, kept: Sequence[Kept]) -> str:
        """The path of a ZIP of kept pictures; EngineError if there are none."""
        if not kept:
            raise EngineError("There are no pictures yet. Make one first.")
        files = [(one.path.name, one.path.read_bytes()) for one in kept]
        return self._write("pictures.zip", to_zip(files))

    def _write(self, name: str, data: bytes) -> str:
        path = self.outbox.path(name)
        with saving(path):
            path.write_bytes(data)
        return str(path)


def picture_files(made: Pictures) -> list[File]:
    """A batch as PNGs, named by prompt and seed."""
    return [(f"{_slug(made)}-{name}", data) for name, data in png_files(made)]


def grid_file(made: Pictures) -> File:
    """An X/Y grid as PNG."""
    return f"{_slug(made)}-grid-{made.config.seed}.png", sheet_png(made)


def walk_file(made: Pictures, kind: str) -> File:
    """A walk there and back as an animation of a kind in FORMATS."""
    name = f"{_slug(made)}-walk-{made.config.seed}.{kind}"
    if kind == "webp":
        return name, animation(made.images, made.model, FILM_SECONDS).data
    there = [Image.fromarray(frame) for frame in made.images]
    return name, animate([*there, *there[-2:0:-1]], "GIF", FILM_SECONDS, rest=0.0, min_side=256).data


def alt_text(made: Pictures) -> str:
    """What the pictures show: the prompts, or the generator that made them."""
    for name, values in made.axes.sides if made.axes else ():
        if name == "prompt":
            return " | ".join(values)
    return made.config.prompt if made.config.card.steered else made.model


def _facts(made: Pictures, what: Message) -> Message:
    return Message("{what} · {seconds} s · {model}", what=what, seconds=f"{made.seconds:.1f}", model=made.model)


def _slug(made: Pictures) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", alt_text(made).lower()).strip("-")
    return words[:40].strip("-") or "picture"
