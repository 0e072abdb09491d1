"""A visitor makes pictures, stops, repaints, gets settings back, compares and keeps. The model is tiny and random."""

import re
import time

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import expect

from engines.image_generation import models as image_models
from engines.running.runs import Runs
from tests.browser.conftest import NARROW, WIDE, Visitor, set_slider
from tests.engines.image_generation.test_picture_files import huge_png, put
from tests.fakes import wait_until
from tests.served import served
from tests.tiny_image_models import save_emoji_model

pytestmark = pytest.mark.only("image_generation")

MADE = re.compile(r"Seed \d+ · [\d.]+ s · Emoji")
SLOW = 60_000  # ms: the first picture waits for PyTorch


@pytest.fixture(scope="module", autouse=True)
def tiny_model(tmp_path_factory):
    """The bundled model's place is taken by a tiny one, whose pictures are noise and whose steps can be seen."""
    from engines.image_generation.emoji.model import EmojiModel

    advance = EmojiModel._advance

    def slowly(model, samplings):
        time.sleep(0.03)
        return advance(model, samplings)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(EmojiModel, "_advance", slowly)
        folder = tmp_path_factory.mktemp("emoji_model")
        save_emoji_model(folder)
        patched.setattr(image_models, "EMOJI_FOLDER", folder)
        patched.setenv("AIGC_CACHE", str(tmp_path_factory.mktemp("cache")))
        patched.setenv("HF_HUB_OFFLINE", "1")
        yield


@pytest.fixture
def open_tab(visit):
    """A visitor in the image tab."""

    def go(**options):
        visitor = visit(**options)
        return visitor, to_tab(visitor)

    return go


def to_tab(visitor, name="Image generation"):
    page = visitor.arrive()
    show_tab(page, name)
    page.locator("#image-stage .stage").wait_for()
    page.locator("#image-stop[title]").wait_for()
    return page


def show_tab(page, name):
    """Open a tab, which stands in a menu where the page is narrow."""
    page.get_by_role("tab").first.wait_for()
    page.wait_for_timeout(300)  # Gradio measures which tabs have room
    tab = page.get_by_role("tab", name=name, exact=True)
    if tab.count():
        tab.click()
        return
    menu = page.locator(".overflow-menu", has_text=name).first
    menu.locator("> button").click()
    menu.locator(".overflow-dropdown button", has_text=name).click()


def about(page):
    return page.locator("#image-stage .about")


def note(page):
    return page.locator("#image-stage .note")


def generate(page):
    """Press Generate and wait for the new pictures."""
    before = about(page).inner_text()
    page.locator("#image-start").click()
    expect(about(page)).not_to_have_text(before or "nothing", timeout=SLOW)
    expect(about(page)).to_have_text(MADE, timeout=SLOW)


def sources(page):
    """The addresses of the pictures on the stage."""
    return page.locator("#image-stage .pictures img").evaluate_all("nodes => nodes.map(node => node.src)")


def test_a_prompt_becomes_pictures_step_by_step_and_survives_a_reload(open_tab, tmp_path):
    _, page = open_tab()
    expect(page.locator("#image-png")).to_be_disabled()
    assert "Make a picture first" in page.get_attribute("#image-png", "title")
    set_slider(page, "image-steps", 60)
    page.locator("#image-start").click()
    expect(note(page)).not_to_be_empty(timeout=1000)  # something moves at once
    expect(note(page)).to_have_text(re.compile("Step .* of 60"), timeout=SLOW)
    expect(page.locator("#image-stage .pictures img")).to_have_count(4)
    previews = sources(page)
    expect(about(page)).to_have_text(MADE, timeout=SLOW)
    assert sources(page) != previews, "the preview became the picture"
    expect(page.locator("#image-stage img").first).to_have_attribute("alt", "smiling cat")
    expect(page.locator("#image-gallery img")).to_have_count(4)
    expect(page.locator("#image-gallery figcaption")).to_have_text(["smiling cat"])  # once, above all four

    first = about(page).inner_text()
    page.locator("#image-stage .pictures button").nth(2).click()
    expect(about(page)).not_to_have_text(first)
    seed = re.search(r"Seed (\d+)", about(page).inner_text())[1]
    with page.expect_download() as download:
        page.locator("#image-png").click()
    assert download.value.suggested_filename == f"smiling-cat-{seed}.png"
    with page.expect_download() as download:
        page.locator("#image-zip").click()
    assert download.value.suggested_filename == "pictures.zip"

    made = sources(page)
    page.reload()
    show_tab(page, "Image generation")
    expect(page.locator("#image-gallery img")).to_have_count(4)
    expect(page.locator("#image-stage .pictures img")).to_have_count(4)
    assert sources(page) == made, "what was made last is on the stage again"


def test_nobody_else_sees_them(open_tab):
    _, page = open_tab()
    generate(page)
    _, other = open_tab()
    expect(other.locator("#image-gallery .empty")).to_contain_text("for you alone")
    expect(other.locator("#image-gallery img")).to_have_count(0)


def test_stop_ends_the_computation_and_keys_work(open_tab):
    _, page = open_tab()
    set_slider(page, "image-steps", 150)
    page.locator("#image-prompt textarea").fill("pizza")
    page.keyboard.press("Control+Enter")
    expect(note(page)).to_have_text(re.compile(r"Step [1-9]\d* of 150"), timeout=SLOW)
    expect(page.locator("#image-stop")).to_be_enabled()
    page.keyboard.press("Escape")
    expect(note(page)).to_have_text("Stopped", timeout=5000)
    expect(page.locator("#image-stage .pictures img")).to_have_count(4)
    expect(page.locator("#image-gallery img")).to_have_count(0)
    expect(page.locator("#image-stop")).to_be_disabled()


def test_an_example_is_run_by_a_click_and_two_clicks_do_not_mix(open_tab):
    _, page = open_tab()
    set_slider(page, "image-steps", 150)
    page.locator("#image-start").dblclick()
    page.locator("#image-examples").get_by_text("red apple").click()
    expect(page.locator("#image-prompt textarea")).to_have_value("red apple")
    expect(about(page)).to_have_text(MADE, timeout=SLOW)
    expect(about(page)).to_contain_text("red apple")
    expect(page.locator("#image-gallery img").first).to_have_attribute("alt", "red apple")
    for picture in page.locator("#image-stage img").all():
        assert picture.get_attribute("alt") == "red apple"


def test_how_a_prompt_is_read_is_said_before_it_is_drawn(open_tab, no_encoder):
    _, page = open_tab()
    prompt, line, names = (page.locator(f"#image-{name}") for name in ("prompt textarea", "reading", "examples"))
    expect(line).to_be_hidden()
    prompt.fill("红苹果")
    expect(line).to_have_text("The model reads: “red apple”.")
    prompt.fill("a rocket with zzgh")
    expect(line).to_contain_text("It will be read by meaning: as the emoji that comes nearest.")
    names.get_by_role("button", name="rocket", exact=True).click()
    expect(prompt).to_have_value("rocket")
    expect(line).to_be_hidden()
    expect(about(page)).to_contain_text("rocket", timeout=SLOW)
    expect(names).to_contain_text("red apple")
    prompt.fill("量子力学")
    expect(line).to_contain_text("It will be read by meaning")
    page.locator("#image-start").click()
    expect(note(page)).to_contain_text("knows no word of “量子力学”", timeout=SLOW)
    expect(note(page)).to_contain_text("To read it by meaning needs multilingual-e5-small.")


def test_a_chinese_visitor_draws_a_chinese_example(visit):
    page = to_tab(visit(locale="zh-CN"), "图像生成")
    page.locator("#image-examples").get_by_text("红苹果").click()
    expect(page.locator("#image-prompt textarea")).to_have_value("红苹果")
    expect(about(page)).to_contain_text("红苹果", timeout=SLOW)


def test_what_is_on_the_stage_is_painted_in_a_style_by_two_clicks(open_tab):
    _, page = open_tab()
    page.get_by_role("tab", name="Style of another picture").click()
    page.locator("#image-style-start").click()
    expect(note(page)).to_have_text("Choose a picture on the stage first, or a file.", timeout=SLOW)
    generate(page)
    drawn = sources(page)
    page.locator("#image-styles button").nth(2).click()
    expect(page.locator("#image-style-style input")).to_have_value("Ink wash")
    page.locator("#image-style-all").click()
    expect(about(page)).to_contain_text("Ink wash, strength 1", timeout=SLOW)
    assert len(sources(page)) == len(drawn) == 4
    assert not set(sources(page)) & set(drawn)
    expect(page.locator("#image-gallery img")).to_have_count(8)


def test_a_part_is_repainted_by_painting_on_the_canvas(open_tab):
    _, page = open_tab()
    generate(page)
    page.locator("#image-repaint").click()
    canvas = page.locator("#image-painted canvas").first
    canvas.scroll_into_view_if_needed()
    expect(page.locator("#image-painted .undo")).to_be_visible()
    page.wait_for_timeout(1500)  # the editor lays itself out
    page.locator("#image-start").click()
    expect(note(page)).to_contain_text("Paint over the part", timeout=10_000)

    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 30, y)
    page.mouse.down()
    page.mouse.move(x + 30, y, steps=10)
    page.mouse.up()
    before = page.evaluate(PIXELS)
    set_slider(page, "image-seed", 77)
    generate(page)
    after = page.evaluate(PIXELS)
    changed = [at for at in range(64 * 64) if far(before[3 * at : 3 * at + 3], after[3 * at : 3 * at + 3])]
    assert changed, "where it was painted the picture is new"
    assert len(changed) < 64 * 64 / 3, "elsewhere it is as it was"


def far(one, other):
    """Whether two colours differ by more than a canvas's rounding."""
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) > 3


# The colours of the first picture on the stage.
PIXELS = """() => {
  const img = document.querySelector('#image-stage .pictures img');
  const canvas = Object.assign(document.createElement('canvas'), {width: 64, height: 64});
  const pen = canvas.getContext('2d');
  pen.drawImage(img, 0, 0, 64, 64);
  return [...pen.getImageData(0, 0, 64, 64).data].filter((_, at) => at % 4 < 3);
}"""


def test_a_picture_is_started_from_an_upload(open_tab, tmp_path):
    _, page = open_tab()
    page.get_by_label("Image to image").click()
    strength = page.locator("#image-strength input[type=number]")
    expect(strength).to_have_value("0.4")  # at which one still sees both
    page.get_by_label("Inpainting").click()
    expect(strength).to_have_value("0.7")
    page.get_by_label("Image to image").click()
    expect(strength).to_have_value("0.4")
    put(tmp_path, huge_png(30_000), "huge.png")
    with page.expect_file_chooser() as chooser:
        page.locator("#image-upload").click()
    chooser.value.set_files(tmp_path / "huge.png")
    page.get_by_text(re.compile(r"huge\.png is too large")).wait_for()
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "teal.png")
    with page.expect_file_chooser() as chooser:
        page.locator("#image-upload").click()
    chooser.value.set_files(tmp_path / "teal.png")
    page.wait_for_timeout(1500)  # the editor lays itself out
    generate(page)


def test_settings_come_back_from_a_dropped_picture(open_tab, tmp_path):
    _, page = open_tab()
    page.locator("#image-prompt textarea").fill("rocket")
    set_slider(page, "image-steps", 7)
    set_slider(page, "image-seed", 4321)
    page.get_by_label("Twemoji").click()
    generate(page)
    picture = sources(page)[0]
    with page.expect_download() as download:
        page.locator("#image-png").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)

    _, page = open_tab()
    show_tab(page, "Settings from a picture")
    page.locator("#image-file input[type=file]").set_input_files(path)
    expect(page.locator("#image-file-note")).to_contain_text("The settings are in the form")
    expect(page.locator("#image-prompt textarea")).to_have_value("rocket")
    expect(page.locator("#image-steps input[type=number]")).to_have_value("7")
    expect(page.locator("#image-seed input[type=number]")).to_have_value("4321")
    expect(page.get_by_label("Twemoji")).to_be_checked()
    generate(page)
    assert sources(page) == [picture], "the identical picture, with its texts"


@pytest.fixture
def no_encoder(tmp_path, monkeypatch):
    """A machine without MiniLM, and without a way to it."""
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setenv("PIP_NO_INDEX", "1")


def test_texts_from_a_strangers_picture_stay_texts(open_tab, tmp_path, no_encoder):
    hostile = "<img src=x onerror=\"document.title='owned'\">"
    info = PngInfo()
    info.add_text("parameters", f"{hostile}\nSteps: 3, Seed: 1, Model: <img src=x onerror=document.title=1>")
    Image.new("RGB", (8, 8)).save(tmp_path / "foreign.png", pnginfo=info)
    _, page = open_tab()
    show_tab(page, "Settings from a picture")
    page.locator("#image-file input[type=file]").set_input_files(tmp_path / "foreign.png")
    expect(page.locator("#image-file-note")).to_contain_text("another program")
    expect(page.locator("#image-prompt textarea")).to_have_value(hostile)
    page.locator("#image-prompt textarea").fill(hostile)
    page.locator("#image-start").click()
    expect(note(page)).to_contain_text("other words need", timeout=SLOW)
    assert page.locator("img[src=x]").count() == 0
    assert page.title() == "AIGC Playground"
    (tmp_path / "no.png").write_bytes(b"this is no picture")
    page.locator("#image-file").get_by_label("Clear").click()
    page.locator("#image-file input[type=file]").set_input_files(tmp_path / "no.png")
    page.get_by_text(re.compile(r"no\.png is no picture")).wait_for()


def test_bad_wishes_get_one_sentence_and_the_tab_goes_on(open_tab):
    _, page = open_tab()
    for prompt, says in (("", "Write a prompt first"), ("x" * 10_000, "at most 1000 characters")):
        page.locator("#image-prompt textarea").fill(prompt)
        page.locator("#image-start").click()
        expect(note(page)).to_contain_text(says)
        expect(page.locator("#image-stage .stage")).to_have_attribute("aria-busy", "false")
    page.locator("#image-model input").click()
    page.get_by_role("option", name=re.compile("SD-Turbo")).click()
    expect(page.locator("#image-style")).to_be_hidden()
    page.locator("#image-prompt textarea").fill("a castle")
    page.locator("#image-start").click()
    expect(note(page)).to_contain_text("SD-Turbo are not to be had now", timeout=30_000)
    page.locator("#image-model input").click()
    page.get_by_role("option", name=re.compile("Emoji")).click()
    expect(page.locator("#image-style")).to_be_visible()
    page.locator("#image-prompt textarea").fill("pizza")
    generate(page)


def test_an_own_gan_is_in_the_list_and_draws(browser, models):
    runs = Runs()
    with served(runs, models=models) as (address, _):
        visitor = Visitor(browser, address)
        page = visitor.arrive()
        visitor.start()
        visitor.button("Stop").click()
        visitor.wait_for_state("Stopped, and kept")
        wait_until(lambda: any(run.board.weights for run in runs._runs.values() if run.owner))
        show_tab(page, "Image generation")
        page.locator("#image-stop[title]").wait_for()
        page.wait_for_timeout(1000)
        page.locator("#image-model input").click()
        page.get_by_role("option", name=re.compile("GAN · Fashion-MNIST")).click()
        expect(page.locator("#image-prompt")).to_be_hidden()
        expect(page.locator("#image-own img")).to_be_visible()  # what it makes, before one asks for more
        assert page.evaluate("document.querySelector('#image-own img').naturalWidth") > 0
        page.locator("#image-start").click()
        expect(about(page)).to_have_text(re.compile(r"Seed \d+ · [\d.]+ s · GAN · Fashion-MNIST"), timeout=SLOW)
        expect(page.locator("#image-stage .pictures img")).to_have_count(4)
        show_tab(page, "Walk")
        page.locator("#image-walk-prompt textarea, #image-walk-prompt input").first.fill("")
        page.locator("#image-walk-seed input").fill("9")
        page.locator("#image-walk-start").click()
        expect(about(page)).to_contain_text("A walk of 16 pictures", timeout=SLOW)
        assert sources(page)[0].startswith("data:image/webp")
        assert not visitor.troubles
        visitor.context.close()


def test_a_grid_fills_the_stage(open_tab):
    _, page = open_tab()
    set_slider(page, "image-steps", 5)
    show_tab(page, "X/Y grid")
    page.locator("#image-grid-y input").click()
    page.get_by_role("option", name="Style").click()
    expect(page.locator("#image-grid-y-values").locator("input, textarea")).to_have_value("noto, twemoji")
    page.locator("#image-grid-start").click()
    expect(about(page)).to_contain_text("X/Y grid, seed", timeout=SLOW)
    expect(page.locator("#image-stage .pictures img")).to_have_count(1)
    expect(page.locator("#image-stage .pictures")).to_be_in_viewport()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280px", "390px"])
def test_nothing_jumps_and_nothing_is_too_wide(open_tab, viewport):
    _, page = open_tab(viewport=viewport)
    place = "document.querySelector('#image-stage .pictures').getBoundingClientRect().toJSON()"
    set_slider(page, "image-steps", 60)
    page.evaluate("scrollTo(0, 0)")
    before = page.evaluate(place)
    page.locator("#image-start").click()
    expect(page.locator("#image-stage .pictures img")).to_have_count(4, timeout=SLOW)
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate(place) == before
    expect(about(page)).to_have_text(MADE, timeout=SLOW)
    page.evaluate("scrollTo(0, 0)")
    assert page.evaluate(place) == before
    page.locator("#image-repaint").click()
    page.locator("#image-painted canvas").first.wait_for()
    page.wait_for_timeout(1500)  # the editor lays itself out
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    for panel in ("X/Y grid", "Walk", "Settings from a picture", "Gallery"):
        show_tab(page, panel)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], panel


def test_the_tab_speaks_chinese(visit):
    visitor = visit(locale="zh-CN")
    page = to_tab(visitor, "图像生成")
    page.locator("#image-start").click()
    expect(about(page)).to_contain_text("种子", timeout=SLOW)
    assert page.get_attribute("#image-start", "title") == "按提示词生成图像（Ctrl+Enter）"
    page.locator("#image-prompt textarea").fill("")
    page.locator("#image-start").click()
    expect(note(page)).to_have_text(re.compile("[\u4e00-\u9fff]"))
    words = page.locator("#image-start").locator("xpath=ancestor::div[@role='tabpanel'][1]").inner_text()
    for english in ("Prompt", "Style", "Steps", "Seed", "Generate", "Download", "Gallery", "Walk", "Inpainting"):
        assert english not in words
