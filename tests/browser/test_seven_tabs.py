"""A browser opens six connections to one host and no more; seven tabs of it must all work."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_live_gan import choose_small_run
from tests.fakes import wait_until

SOON = 30_000  # ms, on a machine where seven pages paint and a network learns; without a free connection it is never
STATE = "#gan-live .live[data-state={}]"


@pytest.fixture
def held():
    """A function that listens to a page, and the addresses that it waits for an answer of."""
    waiting = []

    def listen(page):
        page.on("request", lambda request: waiting.append(request.url))
        for event in ("requestfinished", "requestfailed"):
            page.on(event, lambda request: request.url in waiting and waiting.remove(request.url))

    return listen, waiting


@pytest.mark.only("gan_training")
def test_seven_tabs_of_one_browser(visit, held):
    listen, waiting = held
    owner = visit()
    first = owner.page
    listen(first)
    owner.arrive()
    choose_small_run(first)
    owner.start()
    link = "?run=" + first.evaluate("sessionStorage.getItem('aigc-playground-began')").split()[-1]
    others = [owner.context.new_page() for _ in range(6)]
    for number, page in enumerate(others):
        page.set_default_timeout(60_000)
        listen(page)
        page.goto(owner.url + (link if number < 3 else ""))
    for page in others:
        page.locator(STATE.format("running")).wait_for()
        expect(page.locator("#gan-live img.made")).to_have_attribute("src", re.compile("^data:image"))
    owner.button("Pause").click()
    for page in (first, *others):
        page.locator(STATE.format("paused")).wait_for(timeout=SOON)
    others[-1].get_by_role("button", name="Resume", exact=True).click()  # the same visitor's, in the seventh
    for page in (first, *others):
        page.locator(STATE.format("running")).wait_for(timeout=SOON)
    owner.button("Stop").click()
    for page in (first, *others):
        page.locator(STATE.format("stopped")).wait_for(timeout=SOON)
    wait_until(lambda: first.wait_for_timeout(300) or not streams(waiting), seconds=20)
    assert not streams(waiting), "what a page holds open, six of them take from all others"


def streams(waiting):
    return [url for url in waiting if "/heartbeat" in url or "/queue/data" in url]
