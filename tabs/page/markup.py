"""HTML that a tab writes itself: sentences in the visitor's language, and every text from outside escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from engines.messages import Message
from tabs.page.language import language_of, translate
from tabs.page.polite import polite

Say = Callable[..., str]
LONGEST = 280  # characters of a text in a list
LOOKS = Path(__file__).parent / "looks" / "panels.css"


def panel(elem_id: str, script: Path | None = None) -> gr.HTML:
    """A component that shows such HTML with the looks of panels.css; `script` is a file."""
    return gr.HTML(
        css_template=LOOKS.read_text("utf-8"),
        js_on_load=script.read_text("utf-8") if script else None,
        elem_id=elem_id,
        apply_default_css=False,
    )


def speaker(request: gr.Request | None) -> Say:
    """`say_in` for this visitor."""
    return say_in(language_of(request))


def say_in(language: str) -> Say:
    """say(sentence, **values): the sentence in that language, escaped for HTML with all its values."""

    def say(sentence: str, **values: Any) -> str:
        return escape(translate(Message(sentence, **values) if values else sentence, language))

    return say


def or_why_not(make: Callable[[], str], request: gr.Request | None) -> str:
    """The HTML that `make` makes, or the sentence that says why it cannot."""
    try:
        with polite(request):
            return make()
    except gr.Error as problem:
        return paragraph(escape(problem.message), "nothing")


def clip(text: str, longest: int = LONGEST) -> str:
    """The beginning of a text on one line, not escaped yet."""
    line = " ".join(text[: 4 * longest].split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def percent(share: float) -> str:
    """A share from 0 to 1 as one says it: 87.3%, 100%."""
    return f"{100 * share:.1f}".removesuffix(".0") + "%"


# --- pieces of HTML, made of what is escaped already -----------------------------------------------------------


def section(kind: str, title: str, *parts: str) -> str:
    """A part of a panel under its title."""
    return f'<section class="{kind}"><h2>{title}</h2>{"".join(parts)}</section>'


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph, nothing if it is empty."""
    return f'<p class="{kind}">{text}</p>' if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]], foot: Iterable[Sequence[str]] = ()) -> str:
    """A table whose first column names its rows, in a box that scrolls when it is too wide."""
    titles = "".join(f'<th scope="col">{title}</th>' if title else "<td></td>" for title in head)

    def lines(cells_of: Iterable[Sequence[str]]) -> str:
        rest = ((name, "".join(f"<td>{cell}</td>" for cell in cells)) for name, *cells in cells_of)
        return "".join(f'<tr><th scope="row">{name}</th>{cells}</tr>' for name, cells in rest)

    body = f"<thead><tr>{titles}</tr></thead><tbody>{lines(rows)}</tbody><tfoot>{lines(foot)}</tfoot>"
    return f'<div class="scroll" tabindex="0"><table>{body}</table></div>'


def bars(rows: Iterable[tuple[str, float, str]], most: float = 1.0) -> str:
    """Bars of (name, share, number), the longest being `most`."""
    cells = (
        f'<span class="name" title="{name}">{name}</span>'
        f'<i><b style="width:{100 * share / max(most, 1e-9):.1f}%"></b></i><span class="number">{number}</span>'
        for name, share, number in rows
    )
    return f'<div class="bars">{"".join(cells)}</div>'
