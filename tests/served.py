"""The app as `python app.py` serves it, for tests that come to it over the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import app as playground
from engines.limits import Limits
from engines.running.runs import Runs
from tests.fakes import free_port

if TYPE_CHECKING:  # the app imports Gradio as it needs it
    import gradio as gr


@contextmanager
def served(
    runs: Runs | None = None,
    limits: Limits | None = None,
    port: int | None = None,
    root_path: str | None = None,
    **parts: Any,
) -> Iterator[tuple[str, gr.Blocks]]:
    """(address, app) for as long as the block lasts; its runs are stopped then. `parts` are create_app's others."""
    runs = runs or Runs()
    demo = playground.create_app(runs, limits=limits, **parts)
    options = {
        **playground.look(),
        **playground.safe(limits),
        **playground.reach(runs),
        "server_port": port or free_port(),
    }
    options["root_path"] = root_path
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, **options)
    try:
        yield address, demo
    finally:
        runs.stop_all()
        demo.close(verbose=False)
