"""The desk of the Image generation tab: the model and its settings, of which only those that matter are seen."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from engines.image_generation.catalog import IMAGE_MODELS, SAMPLERS, ImageCard, find_image_model
from engines.image_generation.config import ImageConfig, shown_settings
from engines.live_training.family import ALL_CLASSES
from engines.messages import Message
from engines.running.board import Board
from engines.running.room.tiles import thumb
from engines.weights import out_of_reach
from tabs.image_generation.own_gans import OwnGenerators
from tabs.page.forms import Form
from tabs.page.language import language_of, t, translate
from tabs.page.link_button import LinkButton
from tabs.page.markup import Say, panel, paragraph, speaker
from tabs.page.polite import polite
from tabs.page.shared import FOLLOW, QUICK, after

MORE = ("together", "wording", "negative_prompt", "sampler", "batch", "width", "height")


class Desk:
    """The widgets of ImageConfig. Make it where the settings belong; `task` and `prompt` are made elsewhere."""

    def __init__(self, generators: OwnGenerators, task: gr.Radio, prompt: gr.Textbox) -> None:
        self.generators = generators
        knobs = ImageConfig.knobs()
        self.form = Form(ImageConfig, "image", IMAGE_MODELS[ImageConfig.model].defaults())
        self.form.adopt("task", task)
        self.form.adopt("prompt", prompt)
        self.model = gr.Dropdown(
            catalog_choices(),
            value=knobs["model"].default,
            label=t("Model"),
            info=about(IMAGE_MODELS[ImageConfig.model]),
            elem_id="image-model",
        )
        self.form.adopt("model", self.model)
        self.own = panel("image-own")  # what the visitor's own generator makes, and what was found of its training
        self.form.add(["style"])
        self.form.adopt(
            "label",
            gr.Dropdown([(t("All classes"), ALL_CLASSES)], value=ALL_CLASSES, label=t("Class"), visible=False,
                        elem_id="image-label"),
        )  # fmt: skip
        self.form.add(["strength", "guidance", "steps", "enlarge", "seed"])
        self.form["strength"].visible = False  # until there is a picture to start from
        with gr.Accordion(t("More settings"), open=False):
            self.form.add(MORE)
            self.form["width"].visible = self.form["height"].visible = False  # as with the bundled model
            self.open = gr.UploadButton(
                t("Open an exported generator (ZIP)"), file_types=[".zip"], size="sm", elem_id="image-open"
            )
        self.link = LinkButton("image_generation", self.form, suited=suited_settings)

    def wire(self, owner: gr.BrowserState) -> None:
        """Let the settings follow the model and the task."""
        task = self.form["task"]
        chosen = self.model.input(self.choose_model, [self.model, task, owner], self.form.widgets, **QUICK)
        chosen.then(self.tell_reach, self.model, self.model, **QUICK)
        strength = self.form["strength"]
        after(task.change).then(lambda task: gr.update(visible=task != "text_to_image"), task, strength, **FOLLOW)
        task.input(suited_strength, [self.model, task], strength, **QUICK)
        after(self.model.change).then(self.show_own, [self.model, owner], self.own, **FOLLOW)
        self.open.upload(self.open_generator, [self.open, task, owner], self.form.widgets, **QUICK)

    # --- handlers ----------------------------------------------------------------------------------------

    def choose_model(self, model: str, task: str, owner: str, request: gr.Request) -> list[Any]:
        """The settings that this model draws best with, and only those that it has."""
        with polite(request):
            card, classes = self._find(model, owner)
            task = task if task in card.tasks else card.tasks[0]
            values = {**card.defaults(), "model": model, "task": task, "label": ALL_CLASSES}
            values["strength"] = suited_strength(model, task)
            return self._updates(card, task, values, owner, classes, request)

    def tell_reach(self, model: str, request: gr.Request) -> dict[str, Any]:
        """Says of a model whose files can't be had now why, before one presses Generate; that takes some seconds."""
        card = IMAGE_MODELS.get(model)
        reason = out_of_reach(card) if card and card.repo else None
        if reason is None:
            return gr.skip()
        return gr.update(info=f"⚠ {translate(reason, language_of(request))} {about(card, request)}")

    def show_own(self, model: str, owner: str, request: gr.Request) -> str:
        """What is known of the run that made the visitor's own generator; nothing for a model of the catalog."""
        board = self.generators.board_of(model, owner)
        return about_run(board, speaker(request)) if board else ""

    def refresh(self, owner: str) -> dict[str, Any]:
        """The list of models as it is now, the visitor's own generators included."""
        return gr.update(choices=self._choices(owner))

    def arrive(self, settings: Mapping[str, Any] | None, owner: str, request: gr.Request) -> list[Any]:
        """The form with a link's settings; without any as it is, in the visitor's language."""
        if settings:
            return self.show(ImageConfig.from_dict(settings), owner, request)
        model = self.refresh(owner) | {"info": about(IMAGE_MODELS[ImageConfig.model], request)}
        return [model if name == "model" else gr.skip() for name in self.form.names]

    def open_generator(self, path: str, task: str, owner: str, request: gr.Request) -> list[Any]:
        """Keep an uploaded generator as one of the visitor's, and choose it."""
        with polite(request):
            return self.choose_model(self.generators.open(path, owner).id, task, owner, request)

    def offers(self, model: str, owner: str) -> bool:
        """Whether this visitor can choose the model."""
        return model in [value for _, value in self._choices(owner)]

    def show(self, config: ImageConfig, owner: str, request: gr.Request) -> list[Any]:
        """All settings of a config; those of the bundled model in place of one that is not offered."""
        values = config.to_dict()
        if not self.offers(config.model, owner):
            values |= IMAGE_MODELS[ImageConfig.model].defaults()
        card, classes = self._find(values["model"], owner)
        return self._updates(card, config.task, values, owner, classes, request)

    # --- what is seen --------------------------------------------------------------------------------------

    def _find(self, model: str, owner: str) -> tuple[ImageCard, tuple[str, ...]]:
        """The model's card, and the classes that it can be asked for."""
        own = self.generators.find(model, owner)
        return (own.card, own.class_names) if own else (IMAGE_MODELS[model], ())

    def _choices(self, owner: str) -> list[tuple[Any, str]]:
        mine = [(own.name, own.id) for own in self.generators.of(owner)]
        bundled = [choice for choice in catalog_choices() if IMAGE_MODELS[choice[1]].kind == "emoji"]
        return [*bundled, *mine, *(choice for choice in catalog_choices() if choice not in bundled)]

    def _updates(
        self,
        card: ImageCard,
        task: str,
        values: Mapping[str, Any],
        owner: str,
        class_names: Sequence[str],
        request: gr.Request,
    ) -> list[Any]:
        special = {
            "model": {"choices": self._choices(owner), "info": about(card, request)},
            "task": {"choices": task_choices(card)},
            "sampler": {"choices": [(t(SAMPLERS[name]), name) for name in card.samplers]},
            "label": {"choices": class_choices(class_names)},
            "width": size_limits(card),
            "height": size_limits(card),
        }
        seen = seen_settings(card, task, class_names)
        if card.kind == "emoji" and values["width"] != card.size:  # as in pictures of earlier versions
            seen |= {"width", "height"}
        return [
            gr.update(
                visible=name in seen, **special.get(name, {}), **({"value": values[name]} if name in values else {})
            )
            for name in self.form.names
        ]


def suited_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What the model draws best with; ConfigError if there is none of that name."""
    defaults = find_image_model(settings["model"]).defaults()
    return {name: value for name, value in defaults.items() if name != "model"}


def suited_strength(model: str, task: str) -> float:
    """What Strength begins with: of image to image as the model's card says, of the other tasks the default."""
    return find_image_model(model).strength if task == "image_to_image" else ImageConfig.strength


def seen_settings(card: ImageCard, task: str, class_names: Sequence[str]) -> set[str]:
    """The names of the settings that have an effect and leave a choice."""
    seen = set(shown_settings(ImageConfig.for_model(card.id, task=task)))
    if card.kind == "emoji":  # the smaller of its two sizes is that of earlier versions
        seen -= {"width", "height"}
    return seen if class_names else seen - {"label"}


def size_limits(card: ImageCard) -> dict[str, Any]:
    """The slider's limits for Width and Height; the knob's own where there is no choice and it is not seen."""
    knob = ImageConfig.knobs()["width"]
    low, high = card.sizes if card.sizes[0] < card.sizes[1] else (knob.low, knob.high)
    return {"minimum": low, "maximum": high, "step": card.multiple}


def task_choices(card: ImageCard) -> list[tuple[Any, str]]:
    """The tasks that a model can do."""
    names = ImageConfig.knobs()["task"].choices
    return [(t(names[task]), task) for task in card.tasks]


def class_choices(names: Sequence[str]) -> list[tuple[Any, int]]:
    """The classes that one can ask a generator for."""
    return [(t("All classes"), ALL_CLASSES), *((t(name), i) for i, name in enumerate(names))]


def catalog_choices() -> list[tuple[Any, str]]:
    """The catalog with the memory each model needs, those that fit this machine first."""
    has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 8 * 10**9
    cards = sorted(IMAGE_MODELS.values(), key=lambda card: card.memory() > has)  # stable: the catalog's order stays
    return [
        (card.title if card.kind == "emoji" else f"{card.title} · {gigabytes(card)} GB", card.id) for card in cards
    ]


def gigabytes(card: ImageCard) -> str:
    """The memory that a model needs, as one says it."""
    return f"{card.memory() / 1e9:.1f}"


def about_run(board: Board, say: Say) -> str:
    """The latest grid of the run that made a generator, and the verdict on it."""
    verdict, picture = board.verdict, thumb(board)
    shown = f'<img class="thumb" src="{picture.data_uri()}" alt="">' if picture else ""
    return shown + (paragraph(say("Its diagnosis: {title}.", title=verdict.title)) if verdict else "")


def about(card: ImageCard, request: gr.Request | None = None) -> str:
    """What a person should know about a model before choosing it."""
    language = language_of(request)
    if card.kind == "gan":
        return translate(card.note, language)
    facts = Message(
        "{note} {parameters} million parameters, {memory} GB of memory, licence: {licence}.",
        note=Message(card.note),
        parameters=f"{card.parameters / 1e6:,.0f}",
        memory=gigabytes(card),
        licence=card.licence,
    )
    return translate(facts, language)
