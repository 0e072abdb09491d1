"""The panel that enlarges any picture, and lets one compare before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from engines.image_generation.drawing import relay
from engines.image_generation.enlarging import EnlargeConfig, enlarge
from engines.image_generation.gallery import Kept
from engines.image_generation.picture_files import enlarged_png, read_picture
from engines.messages import ConfigError, Message
from engines.running.events import Event, Events, Metrics, Pictures
from engines.running.workers.pool import PICTURES
from tabs.image_generation.actions import MAKING
from tabs.image_generation.bench import Bench
from tabs.image_generation.variations import SHOW_STAGE
from tabs.page.forms import Form
from tabs.page.language import t
from tabs.page.shared import QUICK

PLAIN = "-plain-x"  # before the factor, ends the name of a plain enlargement
FACTORS = tuple(EnlargeConfig.knobs()["factor"].choices)


class EnlargePanel:
    """The picture chosen on the stage, or a file, two or four times as large."""

    def __init__(self) -> None:
        gr.Markdown(
            t("A small network that has learnt what sharp edges look like (Real-ESRGAN) makes a picture larger: the"
              " one chosen on the stage, or a file of yours. On the stage stand plain interpolation and what it made.")
        )  # fmt: skip
        self.form = Form(EnlargeConfig, "image-enlarge")
        with gr.Row():
            self.form.add(["factor", "measure"])
        with gr.Row(elem_classes="controls"):
            self.start = gr.Button(
                t("Enlarge the chosen picture"), variant="primary", elem_id="image-enlarge-start", min_width=200
            )
            self.upload = gr.UploadButton(
                t("Enlarge a file"), file_types=["image"], elem_id="image-enlarge-file", min_width=160
            )
        self.slider = gr.ImageSlider(
            label=t("Before and after"),
            visible=False,
            interactive=False,
            max_height=560,
            elem_id="image-enlarge-slider",
        )

    def wire(self, bench: Bench, chosen: gr.State) -> None:
        """Connect it with the stage, where `chosen` is a picture's id."""
        self.bench = bench
        view, owner = bench.stage.view, bench.owner
        self.start.click(None, js=SHOW_STAGE)
        for event, make, source in (
            (self.start.click, self.enlarge_chosen, chosen),
            (self.upload.upload, self.enlarge_file, self.upload),
        ):
            made = event(make, [source, owner, *self.form.widgets], view, **MAKING)
            made.then(self.compare, owner, self.slider, **QUICK)

    def enlarge_chosen(self, chosen: str, owner: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """Enlarge the picture chosen on the stage."""

        def path() -> Path:
            if not chosen:
                raise ConfigError("Choose a picture on the stage first, or a file.")
            return self.bench.keeper.gallery.get(owner, chosen).path

        yield from self._follow(path, owner, request, values)

    def enlarge_file(self, file: str, owner: str, request: gr.Request, *values: Any) -> Iterator[str]:
        """Enlarge an uploaded picture."""
        yield from self._follow(lambda: Path(file), owner, request, values)

    def compare(self, owner: str) -> dict[str, Any]:
        """The two pictures that were made last under one slider, if they are of an enlargement."""
        kept = self.bench.keeper.gallery.newest(owner)
        if not kept or not kept[0].path.stem.endswith(tuple(f"{PLAIN}{factor}" for factor in FACTORS)):
            return gr.skip()
        return gr.update(value=tuple(str(one.path) for one in kept), visible=True)

    def _follow(
        self, path: Callable[[], Path], owner: str, request: gr.Request, values: Sequence[Any]
    ) -> Iterator[str]:
        measured: dict[str, float] = {}
        source: list[Path] = []

        def start() -> tuple[Events, str]:
            config = self.form.read(values)
            source.append(path())
            image = read_picture(source[0])
            config.fit(image)
            self.bench.gate.count(owner, request)
            return noting(enlarging(self.bench, config, image), measured), source[0].stem

        yield from self.bench.stage.follow(
            start, lambda key, made: self._keep(key, made, source[0], measured), owner, request
        )

    def _keep(self, owner: str, made: Event | None, source: Path, measured: dict[str, float]) -> list[Kept]:
        if not isinstance(made, Pictures):
            return []
        titles = {
            " of bicubic": Message("Bicubic interpolation"),
            "": Message("{what} · {seconds} s", what=made.model, seconds=f"{made.seconds:.1f}"),
        }
        about = [_with_quality(title, measured, whose) for whose, title in titles.items()]
        files = enlarged_files(made, source)
        return self.bench.keeper.gallery.add(owner, files, source.stem, about)


def _with_quality(title: Message, measured: Mapping[str, float], whose: str) -> Message:
    if not measured:
        return title
    psnr, ssim = f"{measured[f'PSNR{whose}']:.1f}", f"{measured[f'SSIM{whose}']:.3f}"
    return Message("{what} · PSNR {psnr} dB, SSIM {ssim}", what=title, psnr=psnr, ssim=ssim)


def enlarging(bench: Bench, config: EnlargeConfig, image: np.ndarray) -> Events:
    """The events of an enlargement, in the process that makes pictures."""
    return bench.computer.events(PICTURES, partial(enlarge, config, image))


def noting(running: Events, into: dict[str, float]) -> Events:
    """The same events, but for the numbers of a measurement, which are noted."""
    made = yield from relay(running, lambda event: into.update(event.values) if isinstance(event, Metrics) else event)
    if made:
        yield made


def enlarged_files(made: Pictures, source: Path) -> list[tuple[str, bytes]]:
    """(name, PNG) of the plain enlargement and of the network's, with the settings that the source's file tells."""
    stem = source.stem[:60]
    names = (f"{stem}{PLAIN}{made.config.factor}.png", f"{stem}-x{made.config.factor}.png")
    models = ("", made.model)
    return [
        (name, enlarged_png(image, source, model))
        for name, image, model in zip(names, made.images, models, strict=True)
    ]
