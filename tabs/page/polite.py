"""How a failure reaches the person or the script: one sentence in their language, never a trace."""

from __future__ import annotations

import functools
import inspect
import json
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.context import LocalContext
from gradio.utils import get_upload_folder

from engines.knobs import check_whole
from engines.messages import ConfigError, Message, PlaygroundError
from tabs.page.language import language_of, translate

if TYPE_CHECKING:
    from gradio.data_classes import BlocksConfigDict

log = logging.getLogger(__name__)


@contextmanager
def polite(request: gr.Request | None) -> Iterator[None]:
    """Turn what a handler raises into a gr.Error; the unexpected is logged under a short reference."""
    try:
        yield
    except PlaygroundError as problem:
        sentence = problem.message
    except gr.Error:
        raise
    except Exception as problem:
        if isinstance(problem, FileNotFoundError) and str(problem.filename).startswith(get_upload_folder()):
            sentence = Message("The uploaded file is not kept any more; upload it again.")
        else:
            reference = secrets.token_hex(3)
            log.exception("a handler failed (reference %s)", reference)
            sentence = Message("Something went wrong inside the program (reference {reference}).", reference=reference)
    else:
        return
    raise _error(sentence, request)


class PoliteBlocks(gr.Blocks):
    """Blocks that say what an endpoint takes to a script that gives it something else; Gradio itself says nothing."""

    def __exit__(self, *problem: Any) -> None:
        """The page is laid out: from here on its description stays as it is, which Gradio makes five times until it
        serves the first page.
        """
        self.default_config.get_config = functools.cache(self.default_config.get_config)
        super().__exit__(*problem)

    def get_config_file(self) -> BlocksConfigDict:
        """What Gradio's page is told of the app: it is to hold no stream open for as long as it is there.

        Of the six connections that a browser opens to one host, six tabs would hold all, and a seventh could do
        nothing. Gradio only uses the stream to forget gr.State values an hour after a page was closed, and to stop
        what the page had asked for, which the stream of the answers does too.
        """
        return {**super().get_config_file(), "connect_heartbeat": False}

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *more: Any, **named: Any) -> list[Any]:
        """The inputs as the handler takes them; gr.Error if they do not fit."""
        _check_whole(inputs, LocalContext.request.get(None))
        try:
            return await super().preprocess_data(block_fn, inputs, *more, **named)
        except gr.Error:
            raise
        except Exception as problem:
            log.info("%s was given what it does not take: %s", block_fn.api_name, problem)
        sentence = "{action} could not read what it was given. It takes {inputs}; a file must be uploaded first."
        names = [name for name in inspect.signature(block_fn.fn).parameters if name not in ("request", "progress")]
        raise _error(
            Message(sentence, action=block_fn.api_name, inputs=", ".join(names)), LocalContext.request.get(None)
        )


def _check_whole(inputs: list[Any], request: gr.Request | None) -> None:
    """gr.Error if a text among the inputs has a half of a character: no answer that quotes it could be sent."""
    try:
        check_whole(json.dumps(inputs, ensure_ascii=False, default=str))
    except ConfigError:
        raise _error(
            Message("A text has a half of a character in it (a lone surrogate); remove it."), request
        ) from None


def _error(sentence: Message, request: gr.Request | None) -> gr.Error:
    language = language_of(request)
    return gr.Error(
        translate(sentence, language), title=translate("That did not work", language), print_exception=False
    )
