"""A visitor fine-tunes a classifier on a table of their own, watches, looks inside, tries it and takes it home."""

import re
import zipfile

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, another_run, set_slider
from tests.tiny_texts import rows, save_encoder, save_table

pytestmark = pytest.mark.only("finetuning")

SCREENS = pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280px", "390px"])
SLOW = 180_000  # ms
HOSTILE = "<img src=x onerror=\"document.title='taken over'\">"
STATE = "#finetuning-live .state"
PLACES = """() => JSON.stringify(
  [...document.querySelectorAll('#finetuning-live canvas, #finetuning-live .verdict')]
    .filter((node) => node.offsetParent)
    .map((node) => [node.getBoundingClientRect().top + scrollY, node.clientHeight].map(Math.round)))"""


@pytest.fixture(autouse=True)
def tiny_encoder(tmp_path, monkeypatch):
    """In the place of MiniLM, so that a run takes seconds and no download."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("AIGC_CACHE", str(cache))
    save_encoder(cache)


@pytest.fixture
def table(tmp_path):
    """240 rows of two classes, one of them with a name that would like to be HTML."""
    lines = ["id,review,verdict"]
    for i, (text, label) in enumerate(rows(count=240)):
        verdict = HOSTILE if label == "bad" else "good"
        lines.append(f'{i},{text},"{verdict.replace(chr(34), chr(34) * 2)}"')
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join([*lines, "999,,good", *lines[1:3]]), "utf-8")
    return path


@pytest.fixture
def open_tab(visit):
    """A visitor in the Fine-tuning tab."""

    def go(query="", name="Fine-tuning", **options):
        visitor = visit(**options)
        page = visitor.page
        page.set_default_timeout(SLOW)
        page.goto(visitor.url + query)
        page.get_by_role("tab", name=name, exact=True).click()
        page.locator("#finetuning-start[title]").wait_for()
        page.locator("#finetuning-preview section").wait_for()
        return visitor, page

    return go


def choose(page, elem_id, option):
    page.locator(f"#{elem_id} input").click()
    page.get_by_role("option", name=option, exact=True).click()


def bring(page, path):
    """Choose the data, and wait for their preview."""
    choose(page, "finetuning-dataset", "Your own texts")
    page.get_by_text("A table with a row for each text").wait_for()
    page.locator("#finetuning-table input[type=file]").set_input_files(path)
    page.locator("#finetuning-preview .bars").wait_for()


def prepare(page, epochs, batch=8):
    """Settings under which a tiny model learns soon, and the run lasts."""
    set_slider(page, "finetuning-epochs", epochs)
    more = page.get_by_role("button", name="More settings").locator("visible=true")
    more.click()
    set_slider(page, "finetuning-batch", batch)
    set_slider(page, "finetuning-max_length", 24)
    set_slider(page, "finetuning-patience", 0)
    set_slider(page, "finetuning-seed", 5)  # with some a tiny model finds another way than by the words
    page.locator("#finetuning-lr input").fill("0.005")
    page.locator("#finetuning-lr input").press("Tab")
    more.click()


def panel(page, name):
    page.locator(".unfold > .later").first.get_by_role("tab", name=name, exact=True).click()


def train(visitor, page):
    with another_run(page, "finetuning"):
        visitor.button("Start").click()
    wait_for(page, "Finished")


def wait_for(page, *states):
    page.locator(STATE).filter(has_text=re.compile("|".join(states))).wait_for(timeout=SLOW)


def step(page):
    return int(re.search(r"step ([\d,]+)", page.inner_text("#finetuning-live .facts")).group(1).replace(",", ""))


def wait_for_step(page, least):
    page.wait_for_function(
        "least => /step ([\\d,]+)/.exec(document.querySelector('#finetuning-live .facts').textContent)[1]"
        ".replaceAll(',', '') >= least",
        arg=least,
        timeout=SLOW,
    )


def wait_for_curve(page, name):
    page.locator(f"#finetuning-live canvas[aria-label*='{name}']").first.wait_for(timeout=SLOW)


@SCREENS
def test_from_upload_to_download(open_tab, table, tmp_path, viewport):
    visitor, page = open_tab(viewport=viewport)
    bring(page, table)
    preview = page.inner_text("#finetuning-preview")
    assert "168 to learn from, 24 to watch, 48 to test" in preview
    assert "1 empty" in preview
    assert "2 duplicates" in preview
    assert HOSTILE[:20] in preview, "a label that would like to be HTML is shown as it is"
    choose(page, "finetuning-text_column", "review")
    expect(page.locator("#finetuning-label_column input")).to_have_value("found by itself")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]

    prepare(page, epochs=60, batch=4)
    visitor.button("Start").click()
    wait_for(page, "Starting", "Training")
    wait_for_curve(page, "validation rows 0")
    wait_for_step(page, 300)
    expect(visitor.button("Start")).to_be_disabled()
    visitor.button("Stop").click()
    wait_for(page, "Stopped, and kept")
    expect(visitor.button("Start")).to_be_enabled()

    cells = page.locator("#finetuning-matrix button[data-truth]")
    page.locator("#finetuning-report table").wait_for(timeout=SLOW)
    expect(page.locator("#finetuning-scores")).to_contain_text("After training")
    assert sum(int(cell.inner_text()) for cell in cells.all()) == 48
    diagonal = page.locator("#finetuning-matrix button[data-truth='1'][data-predicted='1']")
    diagonal.click()
    expect(page.locator("#finetuning-examples h2")).to_have_text(re.compile(f"^good ✓ {diagonal.inner_text()}$"))
    expect(diagonal).to_have_attribute("aria-pressed", "true")
    cells.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#finetuning-examples h2")).to_contain_text("<img src=x")
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]

    panel(page, "Try it")
    box = page.locator("#finetuning-text textarea")
    expect(box).not_to_have_value("", timeout=SLOW)  # one of the test rows, so that there is something to see
    page.locator("#finetuning-answer .chances").wait_for()
    box.fill("the music was lovely")
    expect(page.locator("#finetuning-answer .chances h2")).to_have_text("good", timeout=SLOW)
    expect(page.locator("#finetuning-answer .words")).to_have_text("the music was lovely", timeout=SLOW)
    tinted = page.locator("#finetuning-answer .words [style*='--share']:not([style*='--share:0%'])")
    assert "lovely" in [word.strip() for word in tinted.all_inner_texts()], "the word that tells the classes apart"
    box.press("Control+Enter")
    assert page.inner_text(STATE) == "Stopped, and kept", "while one types in a panel its keys start no run"

    panel(page, "Take home")
    visitor.button("Model").click()
    link = page.locator("#finetuning-file a[download]").first
    link.wait_for(timeout=SLOW)
    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "model.zip")
    with zipfile.ZipFile(tmp_path / "model.zip") as archive:
        assert {"model.safetensors", "README.md"} <= set(archive.namelist())
    expect(page.locator("#finetuning-code")).to_contain_text("AutoModelForSequenceClassification")
    assert page.title() == "AIGC Playground"


def test_many_rows_at_once_and_going_on(open_tab, table, tmp_path):
    visitor, page = open_tab()
    bring(page, table)
    prepare(page, epochs=6)
    train(visitor, page)

    panel(page, "Try it")
    page.get_by_role("button", name="Many texts at once").click()
    expect(visitor.button("Classify all rows")).to_be_disabled()
    page.locator("#finetuning-many input[type=file]").set_input_files(table)
    expect(visitor.button("Classify all rows")).to_be_enabled()
    visitor.button("Classify all rows").click()
    with page.expect_download() as download:
        page.locator("#finetuning-classified a[download]").first.click()
    download.value.save_as(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text("utf-8-sig").startswith("id,review,verdict,predicted,probability")

    panel(page, "Keep going")
    expect(visitor.button("Go on from this run")).to_be_disabled()
    more = save_table(tmp_path / "more.csv", labels=("good", "odd"), count=80, seed=5)
    page.locator("#finetuning-more input[type=file]").set_input_files(more)
    expect(visitor.button("Go on from this run")).to_be_enabled()
    set_slider(page, "finetuning-more-epochs", 2)
    visitor.button("Go on from this run").click()
    expect(page.locator("#finetuning-scores")).to_contain_text("The old test rows after", timeout=SLOW)
    wait_for(page, "Finished")
    panel(page, "Results")
    expect(page.locator("#finetuning-matrix")).to_contain_text("odd")


@pytest.mark.only  # the whole page
def test_a_watch_link_opens_the_tab_and_lets_others_only_watch(open_tab, visit, table):
    owner, page = open_tab()
    owner.context.grant_permissions(["clipboard-read", "clipboard-write"])
    bring(page, table)
    prepare(page, epochs=100, batch=1)  # minutes
    owner.button("Start").click()
    wait_for(page, "Training")
    owner.button("Copy watch link").click()
    page.get_by_text("The link is copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")

    watcher = visit(viewport=NARROW)
    watcher.page.goto(link)
    wait_for(watcher.page, "Training")  # and without a click on the tab
    expect(watcher.page.locator("#finetuning-stop")).to_be_disabled()
    owner.button("Stop").click()
    wait_for(watcher.page, "Stopped, and kept")
    watcher.page.locator("#finetuning-report table").wait_for(timeout=SLOW)
    expect(watcher.page.locator("#finetuning-examples")).to_contain_text("only its owner may read")
    panel(watcher.page, "Try it")
    watcher.page.locator("#finetuning-text textarea").fill("the music was lovely")
    watcher.page.get_by_text("Only the person who started this run can use its classifier").wait_for()
    panel(watcher.page, "Take home")
    watcher.button("Model").click()
    watcher.page.get_by_test_id("toast-body").get_by_text("Only the person who started this run").wait_for()

    page.goto(owner.url)  # without the link, the first tab opens
    expect(page.get_by_role("tab", name="Live training: GAN · VAE · diffusion")).to_have_attribute(
        "aria-selected", "true"
    )


def test_an_impatient_stranger_breaks_nothing(open_tab, table):
    stranger, page = open_tab()
    bring(page, table)
    prepare(page, epochs=100, batch=1)  # minutes
    stranger.button("Start").dblclick()
    wait_for(page, "Starting", "Training", "In line")
    page.reload()
    page.get_by_role("tab", name="Fine-tuning", exact=True).click()
    wait_for(page, "Training")
    expect(page.locator("#finetuning-dataset input")).to_have_value("Your own texts")
    expect(stranger.button("Stop")).to_be_enabled()
    page.keyboard.press("Escape")
    wait_for(page, "Stopped, and kept")
    expect(stranger.button("Start")).to_be_enabled()
    stranger.button("Start").click()
    page.get_by_text("Choose your own file first.").wait_for()  # an upload does not survive a reload
    panel(page, "Take home")
    stranger.button("Scores as CSV").click()
    stranger.button("Scores as JSON").click()
    page.locator("#finetuning-file a[download]").first.wait_for(timeout=SLOW)


def test_bad_files_get_one_sentence_and_the_app_goes_on(open_tab, table, tmp_path):
    _, page = open_tab()
    choose(page, "finetuning-dataset", "Your own texts")
    junk = tmp_path / "junk.csv"
    junk.write_bytes(bytes(range(256)) * 50)
    page.locator("#finetuning-table input[type=file]").set_input_files(junk)
    expect(page.locator("#finetuning-preview")).to_contain_text("junk.csv is not a text file")
    page.locator("#finetuning-table").get_by_role("button", name=re.compile("Remove|Clear")).first.click()
    page.locator("#finetuning-table input[type=file]").set_input_files(table)
    page.locator("#finetuning-preview .bars").wait_for()
    choose(page, "finetuning-label_column", "id")
    expect(page.locator("#finetuning-preview")).to_contain_text("looks like a text")
    choose(page, "finetuning-label_column", "verdict")
    page.locator("#finetuning-preview .bars").wait_for()


def test_pictures_are_learnt_drawn_and_told_apart(open_tab):
    visitor, page = open_tab()
    choose(page, "finetuning-recipe", "Fashion-MNIST pictures")
    expect(page.locator("#finetuning-model input")).to_have_value("Small CNN, from scratch")
    page.get_by_role("button", name="More settings").locator("visible=true").click()
    set_slider(page, "finetuning-rows", 300)
    train(visitor, page)
    page.locator("#finetuning-examples img").first.wait_for(timeout=SLOW)
    panel(page, "Try it")
    visitor.button("One of the test rows").click()
    page.locator("#finetuning-answer .bars").wait_for(timeout=SLOW)


@SCREENS
def test_nothing_jumps_while_it_trains(open_tab, table, viewport):
    visitor, page = open_tab(viewport=viewport)
    bring(page, table)
    prepare(page, epochs=60)
    visitor.button("Start").click()
    wait_for_curve(page, "validation rows 0")
    places = set()
    for _ in range(8):
        places.add(page.evaluate(PLACES))
        page.wait_for_timeout(300)
    assert len(places) == 1, places


def test_the_tab_speaks_chinese(open_tab, table):
    visitor, page = open_tab(name="微调", locale="zh-CN")
    visitor.button("开始").wait_for()
    words = page.inner_text("#finetuning-live") + page.inner_text("#finetuning-preview")
    for english in ("Loss", "Accuracy", "Diagnosis", "to learn from", "Label"):
        assert english not in words
