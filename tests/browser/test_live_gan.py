"""A visitor trains a GAN: start, watch, pause, reload, share, stop, look back, take home."""

import json
import re
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, set_slider

pytestmark = pytest.mark.only("gan_training")

SCREENS = pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280px", "390px"])


def picture(page):
    return page.get_attribute("#gan-live img.made", "src")


def choose_small_run(page):
    """Settings whose steps are quick, so that the test is."""
    page.get_by_role("button", name="More settings").click()
    set_slider(page, "gan-features", 16)
    set_slider(page, "gan-batch", 32)
    page.get_by_role("button", name="More settings").click()


def test_the_settings_of_a_run_say_how_it_is_computed(visit):
    owner = visit(viewport=WIDE)
    page = owner.arrive()
    choose_small_run(page)
    owner.button("Start").click()
    owner.wait_for_step(1)
    page.locator("#gan-live .about summary").click()
    expect(page.locator("#gan-live .about dl")).to_contain_text("Computed with")
    expect(page.locator("#gan-live .about dl")).to_contain_text("threads: 1")
    expect(page.locator("#gan-live .captions")).not_to_contain_text("threads")
    owner.button("Stop").click()


@SCREENS
def test_a_run_from_start_to_replay(visit, viewport, tmp_path):
    owner = visit(viewport=viewport)
    page = owner.arrive()
    example = picture(page)
    assert example, "before a run there is an example, not a blank box"
    expect(owner.button("Stop")).to_be_disabled()
    choose_small_run(page)

    owner.button("Start").click()
    owner.wait_for_state("Starting…", "Training", seconds=3)
    owner.wait_for_state("Training")
    owner.wait_for_step(1)
    early = picture(page)
    assert early != example
    owner.wait_for_step(30)
    assert picture(page) != early, "the grid changes while it learns"
    expect(owner.button("Start")).to_be_disabled()
    assert "ended" in page.get_attribute("#gan-start", "title")

    owner.button("Pause").click()
    owner.wait_for_state("Paused", seconds=5)
    halted = page.inner_text("#gan-live .facts")
    page.wait_for_timeout(1000)
    assert page.inner_text("#gan-live .facts") == halted

    page.reload()
    owner.wait_for_state("Paused", seconds=20)
    assert picture(page), "after a reload the view is back"
    expect(owner.button("Resume")).to_be_visible()
    page.get_by_role("button", name="More settings").click()
    expect(page.locator("#gan-features input[type=number]")).to_have_value("16")
    page.get_by_role("button", name="More settings").click()
    owner.button("Resume").click()
    owner.wait_for_state("Training", seconds=5)
    page.wait_for_function("document.querySelectorAll('#gan-live .bars i').length === 10", timeout=60_000)

    owner.button("Stop").click()
    owner.wait_for_state("Stopped, and kept", seconds=10)
    expect(owner.button("Start")).to_be_enabled()
    last = picture(page)

    slider = page.locator("#gan-live input[type=range]")
    slider.focus()
    slider.press("Home")
    page.wait_for_function("last => document.querySelector('#gan-live img.made').src !== last", arg=last)
    assert page.inner_text("#gan-live .made-step") == "step 0"
    page.get_by_role("button", name="Newest").click()
    page.wait_for_function("last => document.querySelector('#gan-live img.made').src === last", arg=last)

    page.get_by_role("tab", name="Take home").click()
    owner.button("Run file").click()
    with page.expect_download() as download:
        page.locator("#gan-file a[download]").first.click()
    run_file = tmp_path / download.value.suggested_filename
    download.value.save_as(run_file)
    with zipfile.ZipFile(run_file) as archive:
        assert json.loads(archive.read("run.json"))["config"]["features"] == 16

    someone_else = visit(viewport=viewport)
    page = someone_else.arrive()
    page.get_by_role("tab", name="Open", exact=True).click()
    page.locator("#gan-open input[type=file]").set_input_files(run_file)
    someone_else.wait_for_state("Stopped, and kept", seconds=20)
    page.wait_for_function("last => document.querySelector('#gan-live img.made').src === last", arg=last)
    page.get_by_role("button", name="▶ Replay").click()
    page.wait_for_function("last => document.querySelector('#gan-live img.made').src !== last", arg=last)


def test_many_watch_and_only_the_owner_controls(visit):
    owner = visit()
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = owner.arrive()
    owner.start()
    owner.button("Copy watch link").click()
    page.get_by_text("The link is copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    run_id = re.search(r"\?run=([\w-]{12,})$", link).group(1)

    watcher = visit(viewport=NARROW)
    page = watcher.arrive(f"?run={run_id}")
    watcher.wait_for_state("Training")
    before = picture(page)
    page.wait_for_function("before => document.querySelector('#gan-live img.made').src !== before", arg=before)
    expect(watcher.button("Pause")).to_be_disabled()
    expect(watcher.button("Stop")).to_be_disabled()
    assert page.get_attribute("#gan-stop", "title") == "Only the person who started this run can do that"

    watcher.button("Start").click()  # a run of their own waits in line
    page.wait_for_function("document.querySelector('#gan-live .state')?.textContent.includes('In line')")
    assert "place 1" in watcher.state()
    assert owner.state() == "Training"
    owner.button("Stop").click()
    owner.wait_for_state("Stopped, and kept")
    watcher.wait_for_state("Starting…", "Training")
    watcher.button("Stop").click()
    watcher.wait_for_state("Stopped, and kept")


def test_an_impatient_stranger_breaks_nothing(visit):
    stranger = visit()
    page = stranger.arrive()
    stranger.button("Start").dblclick()
    page.reload()
    stranger.wait_for_state("Training")
    expect(stranger.button("Stop")).to_be_enabled()
    page.keyboard.press("Escape")
    stranger.wait_for_state("Stopped, and kept", seconds=20)
    expect(stranger.button("Start")).to_be_enabled()
    page.keyboard.press("Control+Enter")
    stranger.wait_for_state("Starting…", "Training", seconds=10)
    expect(stranger.button("Stop")).to_be_enabled()
    page.keyboard.press("Escape")
    stranger.wait_for_state("Stopped, and kept", seconds=20)


def test_an_unknown_watch_link_says_so(visit):
    visitor = visit()
    page = visitor.arrive("?run=nonsense")
    page.get_by_text("There is no such run here any more.").wait_for()


def test_bad_input_gets_one_sentence_and_the_app_goes_on(visit, tmp_path):
    visitor = visit()
    page = visitor.arrive()
    page.get_by_label("Your own pictures").click()
    fake = tmp_path / "cat.png"
    fake.write_bytes(b"this is no picture")
    page.locator("#gan-uploads input[type=file]").set_input_files(fake)
    page.get_by_text(re.compile(r"cat.png.* is no PNG")).wait_for()
    page.get_by_label("Fashion-MNIST").click()
    stranger_file = tmp_path / "run.zip"
    stranger_file.write_bytes(b"PK nonsense")
    page.get_by_role("tab", name="Open", exact=True).click()
    page.locator("#gan-open input[type=file]").set_input_files(stranger_file)
    page.get_by_text("This file is not a run file of the playground").wait_for()
    visitor.start()


@SCREENS
def test_nothing_jumps_and_no_text_is_cut(visit, viewport):
    visitor = visit(viewport=viewport)
    page = visitor.arrive()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    visitor.start()
    places = set()
    for _ in range(12):  # below them the sheets come with the first exam
        places.add(
            page.evaluate(
                """() => JSON.stringify([...document.querySelectorAll(
                     '#gan-live :is(canvas, img, .scrub, .verdict):not(.sheets *)')].map(node => {
                       const box = node.getBoundingClientRect();
                       return [box.top + scrollY, box.height].map(Math.round);
                   }))"""
            )
        )
        page.wait_for_timeout(500)
    assert len(places) == 1, places
    cut = page.evaluate(
        """() => [...document.querySelectorAll('button, label, span, p, b, figcaption, dt, dd')].filter(node =>
             node.offsetParent && node.children.length === 0 && node.textContent.trim() && !node.matches('.sr-only')
             && getComputedStyle(node).overflow !== 'visible'
             && (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 2)
           ).map(node => node.textContent)"""
    )
    assert not cut


def test_the_page_speaks_chinese_to_those_who_read_it(visit):
    visitor = visit(locale="zh-CN")
    page = visitor.arrive()
    visitor.button("开始").wait_for()
    words = page.inner_text("#gan-live") + page.inner_text("#gan-dataset")
    for english in ("Generated", "Real pictures", "Losses", "Dataset", "Diagnosis", "Replay"):
        assert english not in words


def test_a_cut_connection_is_told_and_mended(visit):
    visitor = visit()
    page = visitor.arrive()
    page.locator("#gan-sample-seed input").fill("77")
    visitor.start()
    visitor.context.set_offline(True)
    page.get_by_text("The connection is cut").wait_for()
    visitor.context.set_offline(False)
    page.get_by_text("The connection is cut").wait_for(state="hidden")
    now = int(re.sub(r"\D", "", page.inner_text("#gan-live .made-step")))
    visitor.wait_for_step(now + 1)
    assert page.locator("#gan-sample-seed input").input_value() == "77", "typed text survives"
