"""How a failure in a handler reaches the person: one sentence in their language, never a trace."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from engines.messages import Message, PlaygroundError
from tabs.language import is_chinese, translate

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
    except Exception:
        reference = secrets.token_hex(3)
        log.exception("a handler failed (reference %s)", reference)
        sentence = Message("Something went wrong inside the program (reference {reference}).", reference=reference)
    else:
        return
    chinese = is_chinese(request)
    raise gr.Error(translate(sentence, chinese), title=translate("That did not work", chinese), print_exception=False)
