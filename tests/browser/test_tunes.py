"""A visitor hears a tune, has one written, shows their own, takes it home; and all is silent when they leave."""

import re
import wave

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, another_run

pytestmark = pytest.mark.only("music", "gpt_training")
WORDS = {
    "en": {"play": "▶ Play", "stop": "■ Stop", "write": "Write a tune", "said": "of its bars add up"},
    "zh": {"play": "▶ 播放", "stop": "■ 停止", "write": "写一首曲调", "said": "小节时值正确"},
}
VISITS = pytest.mark.parametrize(
    ("language", "viewport", "scheme"),
    [("en", WIDE, "light"), ("zh", NARROW, "dark")],
    ids=["en-1280px", "zh-390px"],
)
# What goes to the loudspeaker goes to an analyser too: window.loud() is the largest sample that it has.
LISTEN = """
window.contexts = [];
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...more) {
  if (to === this.context.destination) {
    const ear = (this.context.ear ??= this.context.createAnalyser());
    connect.call(this, ear);
    window.contexts.push(this.context);
  }
  return connect.call(this, to, ...more);
};
window.loud = () => {
  const ear = window.contexts.at(-1)?.ear;
  if (!ear || ear.context.state === "closed") return 0;
  const samples = new Float32Array(ear.fftSize);
  ear.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
};
"""
SLOW = 90_000  # ms: the first tune waits for PyTorch
PAPER = "#tune-score .paper svg"


def arrive(visitor):
    page = visitor.page
    page.add_init_script(LISTEN)
    page.goto(f"{visitor.url}?tab=music")
    to_tunes(page)
    return page


def to_tunes(page):
    """Open the panel, and wait for the tune that it begins with."""
    page.get_by_role("tab", name=re.compile("^(Tunes|曲调)$")).click()
    page.locator(PAPER).wait_for()


@VISITS
def test_a_tune_is_heard_written_and_heard_again(visit, language, viewport, scheme):
    words = WORDS[language]
    page = arrive(visit(viewport=viewport, color_scheme=scheme, locale="zh-CN" if language == "zh" else "en-GB"))
    assert page.evaluate("window.contexts.length") == 0, "nothing sounds before a click"
    play = page.locator("#tune-score .play")
    expect(play).to_have_text(words["play"])
    play.click()
    page.wait_for_function("loud() > 0.02")
    expect(play).to_have_text(words["stop"])
    first = page.locator("#tune-score .sounding").first
    first.wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("loud() === 0")
    expect(page.locator("#tune-score .sounding")).to_have_count(0)

    before = page.locator(PAPER).inner_html()
    page.get_by_role("button", name=words["write"], exact=True).click()
    expect(page.locator("#tune-score .about")).to_contain_text(
        words["said"], timeout=90_000
    )  # the first waits for PyTorch
    page.wait_for_function(
        "before => document.querySelector('#tune-score .paper svg').innerHTML !== before", arg=before
    )
    play.click()
    page.wait_for_function("loud() > 0.02")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


def test_who_goes_to_another_tab_hears_nothing_more(visit):
    page = arrive(visit())
    page.locator("#tune-score .play").click()
    page.wait_for_function("loud() > 0.02")
    page.get_by_role("tab", name="Text generation").click()
    page.wait_for_function("loud() === 0")


def test_what_draws_the_score_comes_only_when_music_is_opened(visit):
    visitor = visit()
    page, asked = visitor.page, []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{visitor.url}?tab=gpt_training")
    page.locator("#gpt-start[title]").wait_for()
    assert not [url for url in asked if "abcjs" in url]
    page.get_by_role("tab", name="Music").click()
    to_tunes(page)
    assert len([url for url in asked if "abcjs" in url]) == 1


def test_ones_own_tune_is_shown_played_and_taken_home(visit, tmp_path):
    page = arrive(visit())
    page.get_by_role("button", name="Your own tune").click()
    page.locator("#tune-abc textarea").fill("X:1\nM:2/4\nK:Am\n|:A4c4|e8:|")
    page.locator("#tune-show").click()
    expect(page.locator("#tune-score .time")).to_have_text("4 s")  # eight quarters, 120 a minute
    expect(page.locator(f"{PAPER} .abcjs-note")).to_have_count(3)
    for kind in ("abc", "midi", "wav"):
        with page.expect_download() as waiting:
            page.locator(f"#tune-save-{kind}").click()
        waiting.value.save_as(tmp_path / kind)
    assert "|: A4 c4| e8:|" in (tmp_path / "abc").read_text("utf-8")
    assert (tmp_path / "midi").read_bytes().startswith(b"MThd")
    with wave.open(str(tmp_path / "wav")) as file:
        assert 4 < file.getnframes() / file.getframerate() < 6


@pytest.mark.parametrize(
    ("abc", "said"),
    [("X:1\nK:G\n" + "G" * 3000, "A line of the tune has 3,000"), ("m:~n=(3ooo\nK:G\nG", "has macros"),
     ("<img src=x onerror=alert(1)>", "has the sign"), ("", "has no notes")],
)  # fmt: skip
def test_what_is_no_tune_gets_one_sentence_and_the_score_stays(visit, abc, said):
    page = arrive(visit())
    page.get_by_role("button", name="Your own tune").click()
    page.locator("#tune-abc textarea").fill(abc)
    page.locator("#tune-show").click()
    page.get_by_text(said).first.wait_for()
    expect(page.locator(PAPER)).to_be_visible()


def test_a_model_that_one_trains_writes_a_tune(visit):
    visitor = visit()
    page = visitor.page
    settings = "data=tunes&bars=true&model=lstm&layers=1&width=64&batch=8&context=200&lr=0.006&steps=300"
    page.goto(f"{visitor.url}?tab=gpt_training&{settings}")
    expect(page.locator("#gpt-data input")).to_have_value("Irish and Scottish tunes")  # of the link
    with another_run(page, "gpt"):
        page.locator("#gpt-start").click()
    page.wait_for_function(
        "document.querySelector('#gpt-live .state')?.textContent === 'Finished' &&"
        " [...document.querySelectorAll('#gpt-live .cards li')].some(one => one.textContent.startsWith('[M:'))",
        timeout=180_000,
    )
    page.get_by_role("tab", name="Music").click()
    to_tunes(page)
    expect(page.locator("#tune-bars input")).to_be_disabled()
    expect(page.locator("#tune-bars")).to_contain_text("trained with Length first")
    page.locator("#tune-model input").click()
    page.get_by_role("option").nth(1).click()
    expect(page.locator("#tune-bars input")).to_be_enabled()
    page.locator("#tune-bars input").click()
    page.get_by_role("option", name="12", exact=True).click()
    page.locator("#tune-write").click()
    told = page.locator("#tune-score .about, .toast-body")
    expect(told.filter(has_text=re.compile("your run after 300 steps|no tune yet")).first).to_be_visible()
