"""A real app and a real Chromium. Any request that leaves this machine fails the test."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlparse

import pytest

from engines.text_generation.models import Models

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.served import served

expect.set_options(timeout=20_000)  # a machine that trains is slow to answer

# What Chromium does beside showing the page. The first two load pages of its own for each window, below the address,
# which cost as much as ours; the others are those that Playwright would switch off, whose list this one replaces.
BESIDE = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch", "Translate",
)  # fmt: skip
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", f"--disable-features={','.join(BESIDE)}"]  # fmt: skip
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")  # Playwright keeps an event loop running, which other tests must not meet
def browser():
    """Debian's Chromium where it is installed, else Playwright's own."""
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def models():
    """Language models stay loaded from one test to the next."""
    shared = Models()
    yield shared
    shared.close()


@pytest.fixture
def only(request):
    """The engines on the page by the mark `only`, none for all: a page with fewer is there sooner."""
    mark = request.node.get_closest_marker("only")
    return mark.args if mark else ()


@pytest.fixture
def url(models, only):
    """The address of a fresh app, whose runs are stopped at the end."""
    with served(models=models, only=only) as (address, _):
        yield address


@contextmanager
def another_run(page: Page, prefix: str) -> Iterator[None]:
    """What is done inside begins a run; at the end the view follows it, no longer the one that stood there before."""
    live = page.locator(f"#{prefix}-live .live")
    expect(live).to_have_attribute("data-run", re.compile("."))  # the example has come
    before = live.get_attribute("data-run")
    yield
    expect(live).not_to_have_attribute("data-run", before, timeout=60_000)


# What is there once a tab has arrived.
READY = {
    "gan_training": ("#gan-live .live:not([data-state=none])", "#gan-preview img", "#gan-start[title]"),
    "vae_training": ("#vae-live .live:not([data-state=none])", "#vae-start[title]"),
    "diffusion_training": ("#diffusion-live .live:not([data-state=none])", "#diffusion-start[title]"),
    "points_training": ("#points-live .live", "#points-start[title]"),
    "gpt_training": ("#gpt-live .live", "#gpt-start[title]"),
    "image_generation": ("#image-stage .stage", "#image-stop[title]"),
    "clip_training": ("#clip-live .live:not([data-state=none])", "#clip-start[title]"),
    "text_generation": (":is(#text-message, #text-text) textarea:visible",),  # a Chinese visitor begins with a poem
    "finetuning": ("#finetuning-preview section", "#finetuning-start[title]"),
    "room": ("#room-board .board",),
    "music": ("#music-roll canvas",),
    "melodies": ("#melody-live .live:not([data-state=none])", "#melody-run-start[title]"),
    "comparison": ("#comparison-view .comparison[data-count]",),
}


class Visitor:
    """One person's browser, with what went wrong in it."""

    def __init__(
        self, browser: Browser, url: str, viewport: dict[str, int] = WIDE, first: str = "gan_training", **options
    ) -> None:
        """`first` is the engine whose tab the page opens on."""
        self.first = first
        self.context: BrowserContext = browser.new_context(viewport=viewport, accept_downloads=True, **options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.url = url
        self.troubles: list[str] = []
        self.page.on("request", self._check_request)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script error: {error}"))

    def _check_request(self, request) -> None:
        address = urlparse(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in ("127.0.0.1", "localhost"):
            self.troubles.append(f"a request left the machine: {request.url}")

    def arrive(self, query: str = "") -> Page:
        """Open the page and wait until its first tab shows what it opens on."""
        self.page.goto(self.url + query)
        for place in READY[self.first]:
            self.page.locator(place).wait_for()
        return self.page

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)

    def start(self) -> None:
        """Press Start and wait for the new run's first grid, which takes the place of the example's."""
        self.button("Start").click()
        self.wait_for_state("Training")
        self.wait_for_step(1)

    def state(self) -> str:
        return self.page.inner_text("#gan-live .state")

    def wait_for_state(self, *states: str, seconds: float = 60) -> None:
        self.page.wait_for_function(
            "states => states.includes(document.querySelector('#gan-live .state')?.textContent)",
            arg=list(states),
            timeout=1000 * seconds,
        )

    def wait_for_step(self, least: int, seconds: float = 90) -> None:
        """Until the newest grid is of at least this step."""
        self.page.wait_for_function(
            "least => document.querySelector('#gan-live .made-step')?.textContent.replace(/\\D/g, '') >= least",
            arg=least,
            timeout=1000 * seconds,
        )


def set_slider(page: Page, elem_id: str, value: float) -> None:
    """Type a value into a slider's box, again if the slider, which loads when it is first shown, did not hear it.

    A number without a slider is typed too.
    """
    box, slider = (page.locator(f"#{elem_id} input[type={kind}]") for kind in ("number", "range"))
    for _ in range(10):
        box.fill(str(value))
        box.press("Tab")
        if not slider.count() or slider.input_value() == str(value):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{elem_id} did not take {value}")


@pytest.fixture
def visit(browser, url, only):
    """A function that makes visitors; at the end none may have had trouble."""
    visitors: list[Visitor] = []

    def make(**options) -> Visitor:
        visitors.append(Visitor(browser, url, **({"first": only[0]} if only else {}), **options))
        return visitors[-1]

    yield make
    troubles = [trouble for visitor in visitors for trouble in visitor.troubles]
    for visitor in visitors:
        visitor.context.close()
    assert not troubles
