"""A visitor hears, composes, harmonises and repairs a chorale, trains a network, and takes a blind test."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, another_run
from tests.browser.test_accessibility import check
from tests.browser.test_accessible_trainings import NAMELESS

pytestmark = pytest.mark.only("music")
VISITS = pytest.mark.parametrize(
    ("language", "viewport", "scheme"),
    [("en", WIDE, "light"), ("zh", NARROW, "dark")],
    ids=["en-1280px", "zh-390px"],
)
# Listens to what goes to the loudspeakers: whether anything was heard since the last look.
HEARD = """() => {
  const sound = window.aigcAudio;
  if (!sound) return false;
  if (!sound.ear) {
    sound.ear = new AnalyserNode(sound.context, { fftSize: 2048 });
    sound.master.connect(sound.ear);
  }
  const samples = new Float32Array(2048);
  sound.ear.getFloatTimeDomainData(samples);
  return samples.some((one) => Math.abs(one) > 0.001);
}"""


def arrive(visitor):
    page = visitor.arrive("?tab=music")
    expect(page.locator("#music-roll .told")).not_to_be_empty()
    return page


def wait_for_note(page, words):
    expect(page.locator("#music-roll .told")).to_contain_text(words, timeout=60_000)


def hear(page):
    page.wait_for_function(HEARD, timeout=20_000)


def silence(page):
    page.wait_for_function(f"() => !({HEARD})()", timeout=20_000)


@VISITS
def test_a_chorale_from_the_first_press_to_the_file(visit, language, viewport, scheme):
    owner = visit(viewport=viewport, color_scheme=scheme, locale="zh-CN" if language == "zh" else "en-GB")
    page = arrive(owner)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    assert page.evaluate("!window.aigcAudio"), "nothing sounds before a press"
    page.locator("#music-roll .go").click()
    hear(page)
    assert not [url for url in requests if "heartbeat" not in url and "/queue/" not in url], "sound needs no request"
    page.locator("#music-roll .go").click()
    silence(page)
    page.locator("#music-compose").click()
    wait_for_note(page, "作曲用时" if language == "zh" else "Composed in")
    with page.expect_download() as download:
        page.locator("#music-midi").click()
    assert download.value.suggested_filename == "chorale.mid"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"


def test_two_plays_at_once_are_one_and_leaving_the_tab_silences(visit):
    page = arrive(visit())
    page.locator("#music-roll .go").click()
    hear(page)
    page.get_by_role("tab", name="Real or made?").click()
    silence(page)
    page.locator("#music-pair").click()
    for letter in "ab":
        expect(page.locator(f"#music-is-{letter}")).to_be_enabled(timeout=60_000)
    page.locator("#music-passage-a .go").click()
    hear(page)
    page.locator("#music-passage-b .go").click()
    expect(page.locator("#music-passage-a .go")).to_contain_text("Play")
    expect(page.locator("#music-passage-b .go")).to_contain_text("Stop")
    page.locator("#music-passage-b .go").click()
    silence(page)
    page.locator("#music-is-a").click()
    expect(page.locator("#music-blind-said")).to_contain_text("of 1 right")
    expect(page.locator("#music-is-a")).to_be_disabled()


def test_a_melody_is_harmonised_and_a_bar_repaired_by_keys(visit):
    page = arrive(visit())
    page.locator("#music-melody input").click()
    page.get_by_role("option", name="Ode to Joy").click()
    wait_for_note(page, "Press Harmonise")
    expect(page.locator("#music-roll canvas")).to_have_attribute("aria-label", re.compile("384 sixteenths to fill"))
    page.locator("#music-harmonise").click()
    wait_for_note(page, "Harmonised in")
    page.wait_for_function("() => document.querySelector('#music-roll canvas').ariaLabel.includes(' 0 sixteenths')")
    canvas = page.locator("#music-roll canvas")
    canvas.focus()
    for key in ("ArrowRight", "l", "Delete"):
        canvas.press(key)
    page.wait_for_function("() => !document.querySelector('#music-roll canvas').ariaLabel.includes(' 0 sixteenths')")
    holes = page.evaluate("document.querySelector('#music-roll canvas').ariaLabel.match(/(\\d+) sixteenths/)[1]")
    assert 0 < int(holes) < 64, "the bar is rubbed out but for what was locked"
    page.locator("#music-fill").click()
    wait_for_note(page, "Filled in")


def test_what_takes_a_while_is_said_meanwhile_and_nothing_plays_an_empty_roll(visit):
    page = arrive(visit())
    opening = page.locator("#music-roll .told").inner_text()
    told = "() => { const seen = (window.seen ||= []); const node = document.querySelector('%s .told');"
    told += " new MutationObserver(() => seen.push(node.textContent)).observe(node, { childList: true }); }"
    page.evaluate(told % "#music-roll")
    page.locator("#music-compose").click()
    wait_for_note(page, "Composed in")
    assert page.evaluate("window.seen")[0] == "Composing…"
    assert opening not in page.evaluate("window.seen")
    page.get_by_role("tab", name="Real or made?").click()
    expect(page.locator("#music-passage-a .go")).to_be_disabled()
    page.locator("#music-pair").click()
    expect(page.locator("#music-blind-said")).to_contain_text("The model is making its part…")
    expect(page.locator("#music-is-a")).to_be_enabled(timeout=60_000)
    expect(page.locator("#music-blind-said")).not_to_contain_text("The model")
    expect(page.locator("#music-passage-a .told")).to_have_text("Real, or made?")
    expect(page.locator("#music-passage-a .go")).to_be_enabled()


def test_a_melody_is_played_on_the_keys(visit):
    page = arrive(visit())
    page.get_by_role("button", name="New melody").click()
    page.locator("#music-roll .keyboard").focus()
    for letter in "ddfg":
        page.keyboard.press(letter)
    page.locator('#music-roll .keyboard [data-pitch="72"]').click()
    expect(page.locator("#music-roll canvas")).to_have_attribute("aria-label", re.compile("5 notes"))
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#music-roll canvas")).to_have_attribute("aria-label", re.compile("4 notes"))
    page.locator("#music-harmonise").click()
    wait_for_note(page, "Harmonised in")


def test_a_file_that_is_no_music_gets_one_sentence(visit, tmp_path):
    page = arrive(visit())
    path = tmp_path / "a.mid"
    path.write_bytes(b"nonsense")
    page.locator("#music-upload input[type=file]").set_input_files(path)
    expect(page.locator(".toast-body")).to_contain_text("This is no MIDI file")


def test_a_browser_without_sound_says_so(visit):
    owner = visit()
    owner.page.add_init_script("delete window.AudioContext; delete window.webkitAudioContext;")
    page = arrive(owner)
    expect(page.locator("#music-roll .go")).to_be_disabled()
    assert "WebAudio" in page.locator("#music-roll .go").get_attribute("title")


def test_a_run_is_watched_and_heard(visit):
    owner = visit()
    page = owner.page
    page.goto(f"{owner.url}?tab=music&layers=1&width=16&batch=4&steps=60&seed=1")
    page.locator("#music-run-start[title]").wait_for()
    with another_run(page, "music"):
        page.locator("#music-run-start").click()
    page.wait_for_function(
        "() => document.querySelector('#music-live .state')?.textContent === 'Finished'", timeout=180_000
    )
    expect(page.locator("#music-live .made-step")).to_have_text("step 60")
    page.locator("#music-live .hear").click()
    hear(page)
    page.locator("#music-live .hear").click()
    silence(page)
    expect(page.locator("#music-live .verdict .reason")).not_to_be_empty()


@pytest.mark.parametrize(
    ("viewport", "theme", "locale"),
    [(WIDE, "light", "en-US"), (NARROW, "dark", "zh-CN"), (NARROW, "light", "en-US"), (WIDE, "dark", "zh-CN")],
    ids=["1280-light-en", "390-dark-zh", "390-light-en", "1280-dark-zh"],
)
def test_axe_finds_nothing_in_any_panel(visit, viewport, theme, locale):
    owner = visit(viewport=viewport, locale=locale)
    page = owner.arrive(f"?tab=music&__theme={theme}")
    check(page, "as it opens")
    for button in (".go", '[data-tool="lock"]'):
        page.locator(f"#music-roll {button}").click()
    page.locator(".side .gr-accordion .label-wrap").locator("visible=true").first.click()
    check(page, "while it plays")
    for panel in page.locator("button[role=tab]").locator("visible=true").all()[-3:]:
        panel.click()
        check(page, panel.inner_text())
        assert page.evaluate(NAMELESS) == []
