"""The Copy link button of a tab, and what a link's settings do to the form on arrival."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from engines.knobs import Knob
from engines.messages import Message, listed
from tabs.page.forms import Form
from tabs.page.language import language_of, t, translate
from tabs.page.links import TAB, LinkFormat, Query
from tabs.page.polite import polite
from tabs.page.shared import QUICK

MOST_NOTES = 3  # sentences about a link
# From the query to the link: into the address bar, beside what was there of a watched run and of Gradio's own, and
# into the clipboard. What it gives back is the link if that did not work, since only some pages may.
COPY = """async (query) => {
  const kept = [...new URLSearchParams(location.search)].filter(([name]) => name === "run" || name.startsWith("_"));
  const rest = kept.length ? "&" + new URLSearchParams(kept) : "";
  const chosen = window.aigcLanguage?.chosen;
  const settings = query + (chosen ? "&lang=" + chosen : "");
  history.replaceState(history.state, "", `${location.pathname}?${settings}${rest}`);
  const link = `${location.origin}${location.pathname}?${settings}`;
  try { await navigator.clipboard.writeText(link); return ""; } catch { return link; }
}"""


class LinkButton:
    """Copy link. Make it where it belongs, when the form has all its widgets.

    `texts` are boxes beside the form whose texts go into the link too; `without` are settings of the form that stay
    out of it; `suited` is LinkFormat's.
    """

    def __init__(
        self,
        engine: str,
        form: Form,
        texts: Mapping[str, tuple[Knob, Component]] | None = None,
        without: Sequence[str] = (),
        suited: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda settings: {},
    ) -> None:
        self.form, self.texts = form, dict(texts or {})
        knobs = {name: offered(form, name) for name in form.names if name not in without}
        beside = {name: knob for name, (knob, _) in self.texts.items()}
        self.format = LinkFormat(engine, form.config_class, {**knobs, **beside}, suited)
        self.button = gr.Button(t("Copy link to these settings"), size="sm", elem_id=f"{form.prefix}-settings-link")
        self.carried = gr.Textbox(visible=False)  # the query on its way to the clipboard
        asked = self.button.click(self.write, self.widgets, self.carried, **QUICK)
        copied = asked.success(None, self.carried, self.carried, js=COPY)
        copied.success(self.say_copied, self.carried, **QUICK)

    @property
    def widgets(self) -> list[Component]:
        """The form's and the texts' beside it, as inputs or outputs of an event."""
        return [*self.form.widgets, *(widget for _, widget in self.texts.values())]

    def write(self, request: gr.Request, *values: Any) -> str:
        """The query for what the widgets say."""
        count = len(self.form.widgets)
        with polite(request):
            config = self.form.read(values[:count])
            beside = {name: text or "" for name, text in zip(self.texts, values[count:], strict=True)}
            query, too_long = self.format.write({**config.to_dict(), **beside})
        if too_long:
            fields = listed([self.format.knobs[name].label for name in too_long])
            tell([Message("This is not in the link, since it is too long: {fields}", fields=fields)], request)
        return query

    def take(self, visit: Query, request: gr.Request) -> dict[str, Any] | None:
        """The settings that the page's address has for this tab, None without any; tells what of them was ignored.

        One that names the tab alone has none: the tab stands as a press on it leaves it.
        """
        if visit.get(TAB) != self.format.engine:
            return None
        settings, notes = self.format.read(visit)
        tell(notes, request)
        return settings

    @staticmethod
    def say_copied(link: str, request: gr.Request) -> None:
        """Tell that the link is in the clipboard, or show it where the browser did not allow that."""
        language = language_of(request)
        if link:
            sentence = Message("The browser did not allow copying. The link is in the address bar, and here:")
            gr.Info(f"{translate(sentence, language)}<br><code>{escape(link)}</code>", duration=None)
        else:
            gr.Info(translate(Message("Link copied."), language), duration=3)


def offered(form: Form, name: str) -> Knob:
    """The setting's knob; it takes what everybody can choose, if it is one that people choose from a list."""
    knob, widget = form.config_class.knobs()[name], form[name]
    if knob.choices is None and isinstance(widget, gr.Dropdown):
        return replace(knob, choices={value: str(label) for label, value in widget.choices})
    return knob


def tell(notes: Sequence[Message], request: gr.Request) -> None:
    """Show sentences about a link, if there are any; texts of strangers in them stay texts."""
    if not notes:
        return
    language = language_of(request)
    said = [escape(translate(note, language)) for note in notes[:MOST_NOTES]]
    if len(notes) > MOST_NOTES:
        said.append(translate(Message("and {count} more", count=len(notes) - MOST_NOTES), language))
    gr.Warning("<br>".join(said), duration=15)
