"""The app ends in the middle of a visitor's run and is started again: the run is there, and goes on."""

import re
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from engines.running.runs import Runs
from tests.browser.conftest import Visitor
from tests.fakes import free_port
from tests.served import served


class Server:
    """The app at an address of its own, which can be ended and started again."""

    def __init__(self, folder):
        self.port = free_port()
        self.folder = folder
        self.start()

    def start(self):
        self.runs = Runs(folder=self.folder)
        self.serving = ExitStack()
        self.url, _ = self.serving.enter_context(served(self.runs, port=self.port))

    def end(self):
        self.serving.close()


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.end()


WORDS = {
    "en-US": ("Training", "Interrupted", "The program ended", "Stopped, and kept"),
    "zh-CN": ("训练中", "已中断", "程序在这次训练途中结束了", "已停止，成果已保留"),
}


@pytest.mark.parametrize("locale", WORDS)
def test_a_run_goes_on_after_a_restart(browser, server, locale):
    training, interrupted, why, stopped = WORDS[locale]
    visitor = Visitor(browser, server.url, locale=locale)
    page = visitor.arrive()
    page.locator("#gan-start").click()
    visitor.wait_for_state(training)
    visitor.wait_for_step(5)
    run_id = next(run.id for run in server.runs._runs.values() if run.owner)
    server.end()
    server.start()

    page.reload()
    visitor.wait_for_state(interrupted, seconds=30)
    expect(page.locator("#gan-live .note")).to_contain_text(why)
    assert page.get_attribute("#gan-live img.made", "src"), "the view is there"
    before = int(re.sub(r"\D", "", page.inner_text("#gan-live .made-step")))
    assert before >= 5
    stranger = Visitor(browser, server.url, locale=locale)
    stranger.arrive(f"?run={run_id}")
    stranger.wait_for_state(interrupted)
    expect(stranger.page.locator("#gan-resume")).to_be_hidden()

    expect(page.locator("#gan-start")).to_be_enabled()
    page.locator("#gan-resume").click()
    visitor.wait_for_state(training)
    visitor.wait_for_step(before + 1)
    stranger.wait_for_step(before + 1)  # whoever watched it goes on watching
    page.locator("#gan-stop").click()
    visitor.wait_for_state(stopped)
    for person in (visitor, stranger):
        assert not person.troubles
        person.context.close()


@pytest.mark.only("gan_training")
def test_a_stopped_run_goes_on(visit):
    visitor = visit()
    page = visitor.arrive()
    visitor.start()
    visitor.wait_for_step(5)
    page.locator("#gan-stop").click()
    visitor.wait_for_state("Stopped, and kept")
    expect(page.locator("#gan-resume")).to_have_text("Continue training")
    expect(page.locator("#gan-start")).to_be_enabled()
    assert "Let it run" not in page.inner_text("#gan-live")
    before = int(re.sub(r"\D", "", page.inner_text("#gan-live .made-step")))
    page.locator("#gan-resume").click()
    visitor.wait_for_state("Training")
    visitor.wait_for_step(before + 1)
    page.locator("#gan-pause").click()
    visitor.wait_for_state("Paused")
    expect(page.locator("#gan-resume")).to_have_text("Resume")
