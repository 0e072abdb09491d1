"""The list of recipes above a tab's form: it sets the form when a recipe is picked, and at no other time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from engines.knobs import Config, Preset
from engines.messages import ConfigError
from engines.running.runs import Runs
from tabs.page.component import as_update, script_of
from tabs.page.forms import Form
from tabs.page.language import language_of, t, translate
from tabs.page.settings.usual import usual_seconds, words_for_usual
from tabs.page.shared import FOLLOW, QUICK, after

OWN = "own settings"  # no recipe is called so
OWN_HELP = "What you see below, as you chose it."
NEXT = "Your run keeps the settings that it began with: what you change here is for the next one."


class RecipePicker:
    """The recipes of one tab; make it where the list belongs."""

    def __init__(self, recipes: Mapping[str, Preset], elem_id: str, first: str = "default") -> None:
        """`first` is the one that the page opens on."""
        self.recipes = recipes
        choices = [*((t(recipe.title), key) for key, recipe in recipes.items()), (t("Your own settings"), OWN)]
        self.list = gr.Dropdown(
            choices,
            value=first,
            label=t("Recipe"),
            info=self._help(first),
            elem_id=elem_id,
            filterable=False,
            interactive=True,
        )
        self.note = gr.Markdown(t(NEXT), visible=False, elem_classes="quiet")
        self.time = gr.Markdown(visible=False, elem_classes="quiet", elem_id=f"{elem_id}-time")

    def _help(self, key: str) -> Any:
        return t(self.recipes[key].help) if key in self.recipes else t(OWN_HELP)

    def wire(self, form: Form, fill: Callable[[Mapping[str, Any]], list[Any]]) -> None:
        """Let a pick put what `fill` makes of the recipe's settings into the form, and name what the person sets."""

        picked = {key: [{"info": self._help(key)}, *fill(recipe.values)] for key, recipe in self.recipes.items()}
        picked[OWN] = [{"info": self._help(OWN)}, *[gr.skip()] * len(form.widgets)]
        table = json.dumps({key: [as_update(one) for one in updates] for key, updates in picked.items()}, default=str)
        own = script_of(value=OWN, info=str(self._help(OWN)))
        self.list.select(None, self.list, [self.list, *form.widgets], js=f"(key) => ({table})[key]", **QUICK)
        gr.on([widget.input for widget in form.widgets], None, None, self.list, js=own, **QUICK)

    def restore(self, settings: gr.State, form: Form, fill: Callable[[Mapping[str, Any]], list[Any]]) -> None:
        """Fill the form once there are settings of a link or of an earlier run.

        Without any it is left alone: the visitor may be typing already.
        """
        outputs = [self.list, *form.widgets]

        def show(values: Mapping[str, Any] | None) -> list[Any]:
            if not values:  # of a page that was reloaded in the middle
                return [gr.skip()] * len(outputs)
            return [self.show(values, form), *fill(values)]

        settings.change(show, settings, outputs, **QUICK)

    def follow(
        self,
        runs: Runs,
        engine: str,
        live: gr.HTML,
        owner: gr.BrowserState,
        form: Form,
        allow: Callable[[Config], Config] = lambda config: config,
    ) -> None:
        """While the visitor has a run, say that it keeps its settings; else how long one takes, if that is known.

        `allow` gives the config as it may run; ConfigError if it may not.
        """

        def show(owner: str, request: gr.Request, *values: Any) -> list[dict[str, Any]]:
            mine = runs.latest(owner, engine)
            busy = mine is not None and not mine.board.ended
            seconds = None if busy else _usual_seconds(runs, engine, lambda: allow(form.read(values)))
            words = translate(words_for_usual(seconds), language_of(request)) if seconds else ""
            return [gr.update(visible=busy), gr.update(value=words, visible=bool(words))]

        timed = [form[name].change for name in form.config_class.time_of if name in form.names]
        after(live.tick, *timed).then(show, [owner, *form.widgets], [self.note, self.time], **FOLLOW)

    def show(self, settings: Mapping[str, Any], form: Form) -> dict[str, Any]:
        """The list's update for a form that is filled with `settings`: the recipe that they are, whatever the seed."""
        key = next((key for key, recipe in self.recipes.items() if _same(recipe.values, settings, form)), OWN)
        return gr.update(value=key, info=self._help(key))


def _usual_seconds(runs: Runs, engine: str, read: Callable[[], Config]) -> float | None:
    """How long a run with the config that is `read` took here; None if that is not known, or there is none."""
    try:
        return usual_seconds(read(), runs.computed_here(engine))
    except ConfigError:
        return None


def _same(values: Mapping[str, Any], settings: Mapping[str, Any], form: Form) -> bool:
    recipe, given = form.show(values), form.show(settings)
    return all(a == b for name, a, b in zip(form.names, recipe, given, strict=True) if name != "seed")
