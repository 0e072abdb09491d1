"""One press of a button is one request: nothing travels twice, and nothing is uploaded that was not chosen."""

import json
from collections import Counter

import pytest

from tabs.text_generation import actions, continuation
from tests.browser.test_cuts import engine  # noqa: F401
from tests.browser.test_seen import open_by

# Engine, sub-tab, button. What they need to work is there on arrival.
BUTTONS = [
    ("gan_training", "", "#gan-start"),
    ("gan_training", "Explore", "#gan-sample"),
    ("image_generation", "", "#image-start"),
    ("image_generation", "X/Y grid", "#image-grid-start"),
    ("image_generation", "Walk", "#image-walk-start"),
    ("text_generation", "", "#text-chat-start"),
    ("text_generation", "Continue", "#text-continue-start"),
    ("text_generation", "Side by side", "#text-both-start"),
    ("text_generation", "Score", "#text-score-start"),
    ("finetuning", "Try it", "#finetuning-another"),
    ("finetuning", "", "#finetuning-start"),  # last: its run has no test rows for a while
]
MOST = 20  # requests in the seconds after a press: the button's own, and what follows it (buttons, a gallery, a plot)


OWN_ID = "id => gradio_config.components.find(one => one.props.elem_id === id).id"


@pytest.mark.parametrize("part", [pytest.param(p, marks=pytest.mark.only(p)) for p in {p: 0 for p, _, _ in BUTTONS}])
def test_a_press_is_sent_once(visit, engine, part, monkeypatch):  # noqa: F811
    monkeypatch.setattr(actions, "chat", engine.chat)
    for module in (actions, continuation):
        monkeypatch.setattr(module, "continue_text", engine.chat)
    page = visit().arrive()
    page.wait_for_timeout(2500)
    bodies, uploads = [], []

    def note(request):
        if "/queue/join" in request.url or "/run/" in request.url:
            bodies.append(request.post_data)
        if "/upload" in request.url:
            uploads.append(request.url)

    page.on("request", note)
    for _, panel, button in (row for row in BUTTONS if row[0] == part):
        if panel:
            open_by(page, panel)
        if button == "#text-chat-start":
            page.locator("#text-message textarea").fill("Hello")
        page.locator(f"{button}:enabled").wait_for()
        page.wait_for_timeout(500)
        bodies.clear()
        page.locator(button).click()
        page.wait_for_timeout(3000)
        own = page.evaluate(OWN_ID, button.removeprefix("#"))
        mine = [body for body in bodies if json.loads(body)["trigger_id"] == own]
        assert mine, button
        assert not [body[:200] for body, times in Counter(mine).items() if times > 1], button
        assert len(bodies) <= MOST, (button, len(bodies))
        assert not uploads, button
