"""The panel that paints any picture in the manner of any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from engines.data.grids import encode
from engines.image_generation.gallery import Kept
from engines.image_generation.picture_files import painted_png, read_picture
from engines.image_generation.styling.engine import OWN, STYLES, StyleConfig, style_file, stylize
from engines.messages import ConfigError, Message
from engines.running.events import Event, Events, Pictures
from engines.running.workers.pool import PICTURES
from tabs.image_generation.actions import MAKING
from tabs.image_generation.bench import Bench
from tabs.image_generation.variations import SHOW_STAGE
from tabs.page.forms import Form
from tabs.page.language import language_of, t, translate
from tabs.page.shared import FOLLOW, QUICK, after
from tabs.page.stage.view import Shown, thumbs, thumbs_view

LOOKED_AT = 128  # pixels a side of a style in the list
NO_STYLES = Message("No style pictures are bundled.")


class StylePanel:
    """Pictures of the stage, or a file, painted in one of eight styles or that of a picture."""

    def __init__(self) -> None:
        gr.Markdown(
            t("Two small networks (Magenta's) read the manner of one picture and paint another in it: colours, strokes"
              " and patterns, not things. Choose a style, then what is painted.")
        )  # fmt: skip
        self.look = thumbs_view("image-styles", NO_STYLES)
        self.form = Form(StyleConfig, "image-style")
        with gr.Row():
            with gr.Column(scale=3, min_width=300):
                self.form.add(["style", "strength"])
            with gr.Column(scale=1, min_width=200):
                self.own = gr.File(
                    label=t("Style picture"),
                    file_types=["image"],
                    height=130,
                    visible=False,
                    elem_id="image-style-own",
                )
        with gr.Row(elem_classes="controls"):
            self.start = gr.Button(
                t("Paint the chosen picture"), variant="primary", elem_id="image-style-start", min_width=200
            )
            self.all = gr.Button(t("Paint all on the stage"), elem_id="image-style-all", min_width=200)
            self.upload = gr.UploadButton(
                t("Paint a file"), file_types=["image"], elem_id="image-style-file", min_width=140
            )

    def wire(self, bench: Bench, chosen: gr.State, ids: gr.State) -> None:
        """Connect it with the stage, where `chosen` is a picture's id and `ids` are all of them."""
        self.bench = bench
        style = self.form["style"]
        self.look.select(self.take, None, style, **QUICK)
        after(style.change).then(lambda style: gr.update(visible=style == OWN), style, self.own, **FOLLOW)
        for button in (self.start, self.all):
            button.click(None, js=SHOW_STAGE)
        for event, make, source in (
            (self.start.click, self.paint_chosen, chosen),
            (self.all.click, self.paint_all, ids),
            (self.upload.upload, self.paint_file, self.upload),
        ):
            event(make, [source, bench.owner, self.own, *self.form.widgets], bench.stage.view, **MAKING)

    @staticmethod
    def take(event: gr.EventData) -> str:
        """Choose the style whose picture was clicked."""
        return event.id

    def shown(self, request: gr.Request) -> str:
        """The bundled styles, in the visitor's language."""
        language = language_of(request)
        return thumbs([
            Shown(small(style_file(name)), translate(Message(title), language), name)
            for name, title in STYLES.items() if name != OWN
        ])  # fmt: skip

    def paint_chosen(
        self, chosen: str, owner: str, own: str | None, request: gr.Request, *values: Any
    ) -> Iterator[str]:
        """Paint the picture chosen on the stage."""
        yield from self.paint_all([chosen] if chosen else [], owner, own, request, *values)

    def paint_all(
        self, ids: list[str], owner: str, own: str | None, request: gr.Request, *values: Any
    ) -> Iterator[str]:
        """Paint all pictures on the stage."""

        def paths() -> list[Path]:
            if not ids:
                raise ConfigError("Choose a picture on the stage first, or a file.")
            return [self.bench.keeper.gallery.get(owner, one).path for one in ids]

        yield from self._follow(paths, own, owner, request, values)

    def paint_file(self, file: str, owner: str, own: str | None, request: gr.Request, *values: Any) -> Iterator[str]:
        """Paint an uploaded picture."""
        yield from self._follow(lambda: [Path(file)], own, owner, request, values)

    def _follow(
        self,
        paths: Callable[[], list[Path]],
        own: str | None,
        owner: str,
        request: gr.Request,
        values: Sequence[Any],
    ) -> Iterator[str]:
        sources: list[Path] = []

        def start() -> tuple[Events, str]:
            config = self.form.read(values)
            sources.extend(paths())
            events = painting(self.bench, config, sources, own)
            self.bench.gate.count(owner, request)
            return events, sources[0].stem

        yield from self.bench.stage.follow(start, lambda key, made: self._keep(key, made, sources), owner, request)

    def _keep(self, owner: str, made: Event | None, sources: Sequence[Path]) -> list[Kept]:
        if not isinstance(made, Pictures):
            return []
        about = Message(
            "{style}, strength {strength} · {seconds} s",
            style=Message(STYLES[made.config.style]),
            strength=f"{made.config.strength:g}",
            seconds=f"{made.seconds:.1f}",
        )
        files = painted_files(made, sources)
        return self.bench.keeper.gallery.add(owner, files, sources[0].stem, [about] * len(files))


def painting(bench: Bench, config: StyleConfig, sources: Sequence[Path], own: str | None) -> Events:
    """The events of painting, in the process that makes pictures; ConfigError if the pictures do not suit."""
    pictures = [read_picture(path) for path in sources]
    if len({picture.shape for picture in pictures}) > 1:
        raise ConfigError("The pictures on the stage have different sizes; choose one of them.")
    images = np.stack(pictures)
    style = read_picture(own) if own and config.style == OWN else None
    config.fit(images, style)
    return bench.computer.events(PICTURES, partial(stylize, config, images, style))


def painted_files(made: Pictures, sources: Sequence[Path]) -> list[tuple[str, bytes]]:
    """(name, PNG) of each picture."""
    return [
        (f"{source.stem[:60]}-{made.config.style}.png", painted_png(image, made.model))
        for source, image in zip(sources, made.images, strict=True)
    ]


@cache
def small(path: Path) -> str:
    """A bundled picture's data address, small; made once, since each visitor is shown it."""
    with Image.open(path) as picture:
        return encode(picture.convert("RGB").resize((LOOKED_AT, LOOKED_AT), Image.Resampling.LANCZOS)).data_uri()
