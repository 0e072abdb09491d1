"""The page's handlers do not wake one another for good, nor make the page read all that it holds."""

from collections import defaultdict

import pytest

import app as playground
from engines.running.runs import Runs

HOLDERS = {"tabs", "tabitem", "column", "row", "accordion", "group", "form"}


@pytest.fixture(scope="module")
def page():
    """The kind of each of the page's components, and what happens on which event."""
    config = playground.create_app(Runs()).get_config_file()
    return {part["id"]: part["type"] for part in config["components"]}, config["dependencies"]


def test_no_event_has_two_handlers_of_which_the_last_change_counts(page):
    """Gradio repeats the event for each of them, and so both of them for good."""
    _, handlers = page
    following = defaultdict(list)
    for handler in handlers:
        if handler["backend_fn"] and handler["trigger_mode"] == "always_last":
            for source, event in handler["targets"]:
                if event != "then":  # those are repeated one by one
                    following[source, event].append(handler["api_name"])
    assert following, "there are some"
    assert {key: names for key, names in following.items() if len(names) > 1} == {}


def test_no_handler_updates_what_holds_others(page):
    """From then on Gradio's page would read everything in it at each step of each handler."""
    kinds, handlers = page
    updated = {handler["id"]: {kinds[part] for part in handler["outputs"]} & HOLDERS for handler in handlers
               if handler["backend_fn"]}  # fmt: skip
    assert {handler: held for handler, held in updated.items() if held} == {}
