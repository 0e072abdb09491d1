"""A Config class as widgets, and the widgets' values as a checked Config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.components import Component

from engines.knobs import MAX_SEED, Config, Knob
from tabs.page.language import t

DICE = f"() => Math.floor(Math.random() * {MAX_SEED})"


class ChoiceList(gr.Dropdown):
    """A list whose choices may change while the page is on its way; the config judges what the page sends."""

    is_template = True  # a Dropdown to the page

    def preprocess(self, payload: Any) -> Any:
        """As it came: Gradio would refuse what was chosen from the choices of a moment ago."""
        return payload


def make_widget(name: str, knob: Knob, prefix: str, value: Any = None) -> Component:
    """The widget for one knob, with its default or `value`; its limits are the knob's."""
    shared = {
        "label": t(knob.label),
        "info": t(knob.help) if knob.help else None,
        "value": knob.default if value is None else value,
        "elem_id": f"{prefix}-{name}",
    }
    if isinstance(knob.default, bool):
        return gr.Checkbox(**shared)
    if knob.choices is not None:
        choices = [(t(label), value) for value, label in knob.choices.items()]
        kind = gr.Radio if len(choices) <= 4 else ChoiceList
        return kind(choices=choices, **shared)
    if isinstance(knob.default, str):
        return gr.Textbox(max_length=knob.max_length, **shared)
    if name == "seed":
        return seed_box(**shared, minimum=knob.low, maximum=knob.high)
    if knob.step:
        return gr.Slider(knob.low, knob.high, step=knob.step, **shared)
    return gr.Number(minimum=knob.low, maximum=knob.high, **shared)


def seed_box(**options: Any) -> gr.Number:
    """A box for a seed, with a dice that puts another number into it."""
    dice = gr.Button("⚄", elem_classes="dice", size="sm")
    box = gr.Number(precision=0, buttons=[dice], **options)
    dice.click(None, None, box, js=DICE, api_visibility="private")
    return box


class Form:
    """The widgets of one Config class. Make it inside the layout, in as many parts as the layout wants."""

    def __init__(self, config_class: type[Config], prefix: str, start: Mapping[str, Any] | None = None) -> None:
        """`start` has the values that the page opens with, where they are not the defaults."""
        self.config_class = config_class
        self.prefix, self.start = prefix, start or {}
        self._made: dict[str, Component] = {}

    def add(self, names: Iterable[str]) -> None:
        """Make the widgets of these knobs here."""
        for name in names:
            knob = self.config_class.knobs()[name]
            self._made[name] = make_widget(name, knob, self.prefix, self.start.get(name))

    def add_rest(self) -> None:
        """Make the widgets of all knobs not made yet."""
        self.add([name for name in self.config_class.knobs() if name not in self._made])

    def adopt(self, name: str, widget: Component) -> None:
        """Use a widget that the tab made itself for this knob."""
        self._made[name] = widget

    def __getitem__(self, name: str) -> Component:
        return self._made[name]

    @property
    def names(self) -> list[str]:
        """The knobs' names in the widgets' order."""
        return list(self._made)

    @property
    def widgets(self) -> list[Component]:
        """All widgets, as inputs or outputs of an event."""
        return list(self._made.values())

    def read(self, values: Sequence[Any]) -> Config:
        """The checked config from the widgets' values, in order; raises ConfigError."""
        return self.config_class.from_dict(dict(zip(self._made, values, strict=True)))

    def show(self, values: Mapping[str, Any]) -> list[Any]:
        """Values for `widgets` as outputs: `values`, and the defaults for what it leaves out."""
        knobs = self.config_class.knobs()
        return [values.get(name, knobs[name].default) for name in self._made]
