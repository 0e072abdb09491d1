"""The field in which the owner of this program names a text server, at the machine on which it runs."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from engines.messages import EngineError, Message, listed
from engines.text_generation.models import Models
from engines.text_generation.servers.server import TextServer
from tabs.page.language import language_of, t, translate
from tabs.page.markup import panel, paragraph
from tabs.page.polite import polite
from tabs.page.shared import QUICK

FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")  # what a proxy adds, behind which anyone may stand


class ServerField:
    """Its components; make it only where --text-server-field was given."""

    def __init__(self, models: Models, key: str) -> None:
        """`key`: what the server is told who asks for one."""
        self.models, self._key = models, key
        with gr.Accordion(t("Text server (for you alone, at this machine)"), open=False, elem_id="text-server"):
            self.url = gr.Textbox(
                label=t("Where its API begins"),
                info=t(
                    "Of a server that speaks OpenAI's protocol; empty for none. All who use this page get its models."
                ),
                placeholder="http://localhost:8000/v1",
                max_length=300,
                elem_id="text-server-url",
            )
            self.use = gr.Button(t("Use this server"), elem_id="text-server-use")
            self.said = panel("text-server-said")

    def wire(self, owner: gr.BrowserState, models: Sequence[gr.Dropdown], offered: Callable[..., list[Any]]) -> None:
        """Connect events to handlers; `offered` are the choices of the dropdowns `models`."""
        named = gr.on([self.use.click, self.url.submit], self.name, self.url, self.said, **QUICK)
        named.success(offered, owner, list(models), **QUICK)

    def name(self, url: str, request: gr.Request) -> str:
        """Offer this server's models from now on; says which there are. gr.Error if it is none, or for a stranger."""
        with polite(request):
            if not at_this_machine(request):
                raise EngineError("Only who sits at the machine on which this program runs can name a text server.")
            server = TextServer(url, self._key) if url.strip() else None
            found = server.names() if server else ()
            self.models.server = server
            said = (
                Message("The text server has {models}.", models=listed(found)) if found else Message("No text server.")
            )
            return paragraph(escape(translate(said, language_of(request))))


def at_this_machine(request: gr.Request) -> bool:
    """Whether a request comes from this machine's own browser: over loopback, under its name, by no proxy."""
    client = request.client.host if request.client else ""
    named = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    return loopback(client) and loopback(named) and not any(name in request.headers for name in FORWARDED)


def loopback(host: str) -> bool:
    """Whether an address or name is this machine's own, for itself alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
