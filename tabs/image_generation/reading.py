"""What the bundled model understands of a prompt, under the prompt: in English words, and what is near to the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import gradio as gr

from engines.image_generation.catalog import COMBINED, EXAMPLES, IMAGE_MODELS, OWN
from engines.image_generation.emoji.combining.grammar import bundled_planner
from engines.image_generation.emoji.combining.plan import Plan
from engines.image_generation.emoji.reading import Reader, Reading, by_meaning
from engines.messages import Message
from tabs.image_generation.bench import Bench
from tabs.page.language import language_of, translate
from tabs.page.markup import panel, paragraph, speaker
from tabs.page.shared import FOLLOW, QUICK, after


class ReadingPanel:
    """A line that is there only where there is something to say, and prompts to click: what is near, else examples."""

    def __init__(self) -> None:
        self.reader, self.planner = Reader(), bundled_planner()
        self.line = panel("image-reading")
        self.prompts = gr.Dataset(
            components=["textbox"], samples=rows([*EXAMPLES, *COMBINED]), show_label=False, elem_id="image-examples"
        )

    def wire(self, bench: Bench, draw: Callable[..., Any], more: Sequence[Any]) -> None:
        """Follow prompt and model; a click on a prompt draws it: `draw` is the tab's handler for that.

        It gets the values of `more` after the prompt.
        """
        asking = [bench.form[name] for name in ("prompt", "model", "task", "together", "wording")]
        prompt, *_ = asking
        asked = after(*(widget.change for widget in asking))
        asked.then(self.show, asking, [self.line, self.prompts], **FOLLOW)
        self.prompts.click(lambda sample: sample[0], self.prompts, prompt, **QUICK)
        bench.wire(self.prompts.click, draw, [self.prompts, *more])

    def show(self, prompt: str, model: str, task: str, together: str, wording: str, request: gr.Request) -> list[Any]:
        """The line and the prompts to click."""
        card = IMAGE_MODELS.get(model)
        read = self.reader.read(prompt) if card and card.kind == "emoji" else Reading("")
        combines = card and card.combines and task == "text_to_image"
        plan = self.planner.plan(prompt) if combines else None
        free = wording == "nearest" and (by_meaning(read, self.planner.known) or not read.foreign)
        line = paragraph(" ".join(map(speaker(request), told(read, plan, together == "yes", free))))
        samples = rows(read.near or examples(language_of(request)))
        return [line, gr.update(samples=samples, visible=not model.startswith(OWN))]


def told(read: Reading, plan: Plan | None = None, together: bool = True, free: bool = False) -> list[Message]:
    """What to know before a prompt is drawn; nothing if all of it is understood as it stands.

    Of a prompt with a plan, that; or, unless several things are to be put together, that they could be. What is not
    understood word by word is read by meaning if `free`.
    """
    if plan and together:
        return [plan.told()]
    said = []
    if plan:
        said.append(
            Message(
                "The bundled model alone draws one thing: under “Several things” choose to have each drawn by itself."
            )
        )
    if free and (read.unread or read.foreign):
        said.append(Message("It will be read by meaning: as the emoji that comes nearest."))
    elif read.translated and read.english:
        said.append(Message("The model reads: {english}.", english=f"“{read.english}”"))
    if read.unread and not free:
        said.append(Message("It does not know: {words}.", words=", ".join(read.unread)))
    if read.unread:
        said.append(Message("It knows, for example:"))
    return said


def rows(texts: Iterable[str]) -> list[list[str]]:
    """Texts as gr.Dataset wants them."""
    return [[text] for text in texts]


def examples(language: str) -> list[str]:
    """Prompts that a click draws, in the visitor's language."""
    return [translate(Message(text), language) for text in (*EXAMPLES, *COMBINED)]
