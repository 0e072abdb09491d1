"""The families of live trainings, 2-D and the language models, for everyone: axe-core, keys alone, few words."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, another_run
from tests.browser.test_accessibility import PANEL, check, check_learn, tab_to
from tests.browser.test_seen import each_panel

SLOW = 60_000  # ms: what is computed waits for PyTorch
LOOKS = pytest.mark.parametrize(
    ("viewport", "theme", "locale"),
    [(WIDE, "light", "en-US"), (NARROW, "dark", "zh-CN")],
    ids=["1280-light-en", "390-dark-zh"],
)
ONLY = {
    "vae_training": ("vae_training",),
    "diffusion_training": ("diffusion_training",),
    "points_training": ("points_training",),
    "gpt_training": ("text_generation", "gpt_training"),
    "clip_training": ("image_generation", "clip_training"),
}
PREFIXES = {part: part.split("_")[0] for part in ONLY}
PARTS = pytest.mark.parametrize("part", [pytest.param(part, marks=pytest.mark.only(*ONLY[part])) for part in ONLY])
# What makes something to look at in the panels that are empty before: (button, what then stands there).
MAKES = {
    "vae_training": [("#vae-sample", "#vae-picture img")],
    "diffusion_training": [
        ("#diffusion-sample", "#diffusion-picture img"),
        ("#diffusion-draw", "#diffusion-drawn img"),
    ],
    "points_training": [("#points-both", "#points-steps .begun")],
    "gpt_training": [("#gpt-acrostic", "#gpt-poem .words span"), ("#gpt-look", "#gpt-heat .sentence span.chosen")],
    "clip_training": [("#clip-search", "#clip-found li")],
}
# Fields that a screen reader has no name for.
NAMELESS = """() => [...document.querySelectorAll("input, textarea, select, [role=slider], [role=application]")]
  .filter((node) => node.checkVisibility() && !node.ariaLabel && !node.getAttribute("aria-labelledby")
    && !node.labels?.length && !node.title && !node.closest("[aria-hidden=true], [inert]"))
  .map((node) => node.outerHTML.slice(0, 160))"""
# How often what a screen reader reads aloud by itself changes, in so many ms.
SPOKEN = """(ms) => new Promise((done) => {
  const told = [];
  const live = "[role=status], [role=alert], [role=log], [aria-live]:not([aria-live=off])";
  const watch = new MutationObserver((changes) => {
    const places = changes.map(({ target }) => (target.closest ? target : target.parentElement)?.closest(live));
    for (const node of new Set(places)) if (node?.checkVisibility()) told.push(node.textContent.trim());
  });
  watch.observe(document.body, { subtree: true, childList: true, characterData: true });
  setTimeout(() => (watch.disconnect(), done(told)), ms);
})"""


def arrive(visit, part, theme="light", query="", **options):
    """The part's panel, with a run that ended or a few settings of the link's."""
    visitor = visit(**options)
    page = visitor.page
    page.emulate_media(reduced_motion="reduce")  # 2-D's example holds still
    page.goto(f"{visitor.url}?tab={part}&__theme={theme}{query}")
    page.locator(f"#{PREFIXES[part]}-start[title]").wait_for()
    return page


def state_is(page, part, *states):
    page.wait_for_function(
        "([id, states]) => states.includes(document.querySelector(`#${id}-live .state`)?.textContent)",
        arg=[PREFIXES[part], list(states)],
        timeout=120_000,
    )


@PARTS
@LOOKS
def test_axe_finds_nothing_in_any_panel(visit, part, viewport, theme, locale):
    page = arrive(visit, part, theme, viewport=viewport, locale=locale)
    prefix = PREFIXES[part]
    page.locator(f"#{prefix}-live .live").wait_for()
    check(page, "as it opens")
    page.locator(".side .gr-accordion .label-wrap").locator("visible=true").first.click()
    check_learn(page, prefix)
    made = set()
    for panel in each_panel(page):
        for button, there in MAKES[part]:
            if button not in made and page.locator(button).is_visible():
                page.locator(button).click()
                page.locator(there).first.wait_for(timeout=SLOW)
                made.add(button)
        if page.locator("#vae-map").is_visible():
            expect(page.locator("#vae-map .ground")).to_be_visible(timeout=SLOW)
        check(page, panel, PANEL)
        assert page.evaluate(NAMELESS) == [], panel
    assert made == {button for button, _ in MAKES[part]}


@pytest.mark.only("vae_training")
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280px", "390px"])
def test_the_map_is_reached_and_walked_on_by_keys(visit, viewport):
    page = arrive(visit, "vae_training", viewport=viewport)
    page.locator("#vae-live .play:enabled").wait_for()
    tab_to(page, "#vae-live .play", most=60)
    page.get_by_role("tab", name="Map", exact=True).focus()
    page.keyboard.press("Enter")
    ground, here, about = (page.locator(f"#vae-map .{name}") for name in ("ground", "here", "about"))
    expect(ground).to_be_visible(timeout=SLOW)
    tab_to(page, "#vae-map .ground", most=10)
    for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"):
        before = here.inner_text()
        page.keyboard.press(key)
        expect(here).not_to_have_text(before)
    page.keyboard.press("Enter")
    expect(about).to_contain_text("The ellipse is its q(z|x)")
    page.keyboard.press("Tab")
    expect(page.locator("#vae-map .ground:focus")).to_have_count(0)  # no trap


@pytest.mark.only("points_training")
def test_2_d_is_started_looked_at_and_gone_through_step_by_step_by_keys(visit):
    page = arrive(visit, "points_training", query="&steps=200&width=16&batch=32")
    expect(page.locator("#points-preset input")).to_have_value("Your own settings")
    tab_to(page, "#points-start", most=20)
    with another_run(page, "points"):
        page.keyboard.press("Enter")
    state_is(page, "points_training", "Finished")
    page.locator("#points-live .play:enabled").wait_for()
    page.locator("#points-start:enabled").focus()  # it was disabled meanwhile, and lost the focus
    tab_to(page, "#points-live .scrub input", most=130)
    page.keyboard.press("Home")
    expect(page.locator("#points-live .scrub input")).to_have_attribute("aria-valuetext", "step 0")
    tab_to(page, "#points-live .newest", most=1)
    page.keyboard.press("Enter")
    expect(page.locator("#points-live .plane-step")).to_have_text("step 200")
    for button, step in (("d", "step 200 · D alone: 1"), ("g", "step 200 · D alone: 1 · G alone: 1")):
        tab_to(page, f"#points-{button}", most=130)
        page.keyboard.press("Enter")
        expect(page.locator("#points-steps .plane-step")).to_have_text(step, timeout=SLOW)
    tab_to(page, "#points-both", most=2)
    page.keyboard.press("Space")
    expect(page.locator("#points-steps .plane-step")).to_contain_text("step 201")


@pytest.mark.only("diffusion_training")
def test_another_sampler_draws_by_keys(visit):
    page = arrive(visit, "diffusion_training")
    page.get_by_role("tab", name="Sampler and steps", exact=True).focus()
    page.keyboard.press("Enter")
    tab_to(page, "#diffusion-draw-sampler input", most=10)
    page.keyboard.press("ArrowDown")
    tab_to(page, "#diffusion-draw", most=20)
    page.keyboard.press("Enter")
    expect(page.locator("#diffusion-drawn img")).to_be_visible(timeout=SLOW)


@pytest.mark.only("text_generation", "gpt_training")
def test_a_language_model_is_trained_and_looked_into_by_keys(visit):
    query = "&layers=1&width=32&heads=2&batch=16&part=0.05&steps=40"
    page = arrive(visit, "gpt_training", query=query)
    expect(page.locator("#gpt-preset input")).to_have_value("Your own settings")
    tab_to(page, "#gpt-start", most=30)
    with another_run(page, "gpt"):
        page.keyboard.press("Enter")
    state_is(page, "gpt_training", "Finished")
    page.locator("#gpt-live .scrub input:enabled").wait_for()
    page.wait_for_timeout(1500)  # the last texts and what can be done with the run arrive
    page.locator("#gpt-start:enabled").focus()  # it was disabled meanwhile, and lost the focus
    tab_to(page, "#gpt-live .scrub input", most=130)
    page.keyboard.press("Home")
    expect(page.locator("#gpt-live .scrub input")).to_have_attribute("aria-valuetext", "step 0")
    page.locator("#gpt-look-inside-button").first.focus()
    page.keyboard.press("Enter")
    tab_to(page, "#gpt-look", most=20)
    page.keyboard.press("Enter")
    told = page.locator("#gpt-heat .told")
    expect(told).to_contain_text("looks most at", timeout=SLOW)
    tab_to(page, "#gpt-heat .sentence", most=10)
    before = told.inner_text()
    page.keyboard.press("ArrowLeft")
    expect(told).not_to_have_text(before)


# Settings of a run that goes on for long.
LONG = {
    "vae_training": "&features=8&steps=100000",
    "diffusion_training": "&features=8&steps=100000",
    "points_training": "&steps=100000&width=8&batch=16",
    "gpt_training": "&layers=1&width=32&heads=2&batch=16&part=0.05&steps=100000",
    "clip_training": "&batch=16&steps=100000",
}


@PARTS
def test_a_running_training_does_not_talk_all_the_time(visit, part):
    page = arrive(visit, part, query=LONG[part])
    expect(page.locator(f"#{PREFIXES[part]}-preset input")).to_have_value("Your own settings")
    page.locator(f"#{PREFIXES[part]}-start").click()
    state_is(page, part, "Training")
    page.wait_for_timeout(3000)
    told = page.evaluate(SPOKEN, 8000)
    page.locator(f"#{PREFIXES[part]}-stop").click()
    assert len(told) <= 6, told
