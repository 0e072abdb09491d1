"""Everyone can use the page: axe-core finds nothing serious, and the keyboard alone is enough. axe-core is bundled."""

import re

import pytest
from playwright.sync_api import expect

from engines.text_generation.models import Models
from tests.browser.conftest import NARROW, WIDE, set_slider
from tests.tiny_models import save_llama

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

SLOW = 60_000  # ms: the first picture waits for PyTorch
LOOKS = pytest.mark.parametrize("dark", [False, True], ids=["light-1280px", "dark-390px"])
# What Gradio writes itself and no setting, style or label of ours changes: rule -> selector.
GRADIOS_OWN = {
    "aria-prohibited-attr": "div.empty[aria-label='Empty value']",  # an empty File, Image or Dataframe
}
# What axe finds of impact serious or critical in a part of the page, or in all of it: rule, element, what to do.
FAULTS = """async ([own, part]) => {
  const open = [...document.querySelectorAll(part || "body")].filter((node) => node.checkVisibility());
  const include = open.filter((node) => !open.some((other) => node !== other && node.contains(other)));
  const found = await axe.run({ include }, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    resultTypes: ["violations"],
    elementRef: true,
  });
  return found.violations
    .filter((rule) => ["serious", "critical"].includes(rule.impact))
    .flatMap((rule) => rule.nodes
      .filter((node) => node.element?.isConnected && !(own[rule.id] && node.element.matches(own[rule.id])))
      .map((node) => [rule.id, node.target.join(" "), node.html, node.failureSummary].join("\\n    ")));
}"""
PANEL = "[role=tabpanel] [role=tabpanel]"
# Whether one sees that an element has the focus: by an outline, a ring, or, in a field for text, the caret.
MARKED = """() => {
  const style = getComputedStyle(document.activeElement);
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const field = "textarea, input:not([type=range], [type=checkbox], [type=radio])";
  return outlined || style.boxShadow.includes("inset") || document.activeElement.matches(field);
}"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A tiny language model in the place of the real one."""
    cache = tmp_path_factory.mktemp("cache")
    save_llama(cache / "models" / "SmolLM2-135M-Instruct", context=2048)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIGC_CACHE", str(cache))
        shared = Models()
        yield shared
        shared.close()


@pytest.fixture
def open_tab(visit):
    """A visitor's page with this tab open."""

    def go(name="Live training: GAN · VAE · diffusion", dark=False, **options):
        page = visit(viewport=NARROW if dark else WIDE, **options).arrive(f"?__theme={'dark' if dark else 'light'}")
        page.get_by_role("tab", name=name, exact=True).click()
        return page

    return go


def check(page, state, part=""):
    """Nothing serious, and nothing too wide, in this state of the page, or of the innermost open `part` of it."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(600)  # what fades in is grey until then
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe.Axe().axe_script)
    faults = page.evaluate(FAULTS, [GRADIOS_OWN, part])
    assert not faults, f"{state}:\n" + "\n".join(faults)
    wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room, f"{state}: the page scrolls sideways"


def check_learn(page, prefix):
    """The lesson; which is long, and is folded again so that it is not read anew in each state."""
    text = page.locator(f"#{prefix}-learn .prose.learn h2").first
    page.locator(f"#{prefix}-learn button").first.click()
    expect(text).to_be_visible()
    check(page, "with its lesson", f"#{prefix}-learn")
    page.locator(f"#{prefix}-learn button").first.click()
    expect(text).to_be_hidden()


def check_panels(page, prefix, panels):
    """The tab as it is, with all that folds out, and with each of its inner panels."""
    check(page, "as it opens")
    page.get_by_role("button", name="More settings").locator("visible=true").first.click()
    check_learn(page, prefix)
    for panel in panels:
        page.get_by_role("tab", name=panel, exact=True).click()
        check(page, panel, PANEL)


@pytest.mark.only("gan_training")
@LOOKS
def test_gan_training(open_tab, dark):
    page = open_tab(dark=dark)
    page.locator("#gan-live img.made[src]").wait_for()
    page.locator("#gan-live .about summary").click()
    page.locator("#gan-sample").click()
    page.locator("#gan-picture img").wait_for()
    check_panels(page, "gan", ["Explore", "Take home", "Open"])


@pytest.mark.only("music")
@LOOKS
def test_tunes(open_tab, dark):
    page = open_tab("Music", dark)
    page.get_by_role("tab", name="Tunes", exact=True).click()
    page.locator("#tune-score .paper svg").wait_for()
    check(page, "as it opens")
    page.locator("#tune-own button").first.click()
    page.locator("#tune-score .play").click()
    page.locator("#tune-score .sounding").first.wait_for()
    check(page, "while it plays")


@pytest.mark.only("image_generation")
@LOOKS
def test_image_generation(open_tab, dark):
    page = open_tab("Image generation", dark)
    check(page, "before there is a picture")
    page.locator("#image-start").click()
    expect(page.locator("#image-stage .facts")).to_contain_text("Seed", timeout=SLOW)
    expect(page.locator("#image-gallery img")).to_have_count(4, timeout=SLOW)
    page.locator("#image-repaint").click()
    expect(page.locator("#image-painted .undo")).to_be_visible()
    check_panels(page, "image", ["Gallery", "X/Y grid", "Walk", "Settings from a picture"])


@pytest.mark.only("text_generation")
@LOOKS
def test_text_generation(open_tab, dark):
    page = open_tab("Text generation", dark)
    check(page, "before anything is said")
    set_slider(page, "text-max_new_tokens", 24)
    page.locator("#text-message textarea").fill("Hello")
    page.locator("#text-chat-start").click()
    expect(page.locator("#text-inside .note")).to_contain_text("tokens/s", timeout=SLOW)
    page.locator("#text-inside summary").press("Enter")
    page.locator("#text-inside .text").press("Enter")
    page.get_by_role("tab", name="Score", exact=True).click()
    page.locator("#text-score-start").click()
    expect(page.locator("#text-score-table")).to_contain_text("ROUGE-L")
    check(page, "scored")
    page.get_by_role("tab", name="Chat", exact=True).click()  # Score has no settings beside it
    check_panels(page, "text", ["Chat", "Continue", "Side by side", "Templates", "Score"])


@pytest.mark.only("finetuning")
@LOOKS
def test_finetuning(open_tab, dark):
    page = open_tab("Fine-tuning", dark)
    page.locator("#finetuning-scores", has_text="After training").wait_for()
    page.locator("#finetuning-preview section").wait_for()
    check_panels(page, "finetuning", ["Results", "Try it", "Keep going", "Take home"])


@pytest.mark.only("gan_training")
@pytest.mark.parametrize(
    ("locale", "language"), [("zh-CN", "zh-CN"), ("zh-TW", "zh-CN"), ("en-US", "en"), ("de", "en")]
)
def test_the_page_says_its_language(visit, locale, language):
    page = visit(locale=locale).arrive()
    assert page.evaluate("document.documentElement.lang") == language
    expect(page.locator("h1")).to_have_count(1)


# --- the keyboard alone -----------------------------------------------------------------------------------------


def tab_to(page, selector, most=120):
    """Press Tab until the focus is on the element; every stop on the way is marked."""
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        assert page.evaluate("document.activeElement !== document.body"), f"the end of the page, without {selector}"
        assert page.evaluate(MARKED), f"the focus cannot be seen on {here}"
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} is out of reach")


@pytest.mark.only("gan_training")
@LOOKS
def test_a_gan_run_is_started_looked_at_and_stopped(visit, dark):
    visitor = visit(viewport=NARROW if dark else WIDE)
    page = visitor.arrive(f"?__theme={'dark' if dark else 'light'}")
    tab_to(page, "#gan-start", most=12)
    page.keyboard.press("Enter")
    visitor.wait_for_state("Training")
    visitor.wait_for_step(10)
    tab_to(page, "#gan-stop", most=130)  # once around: Start, which cannot be used now, has handed its focus back
    page.keyboard.press("Space")
    visitor.wait_for_state("Stopped, and kept")
    tab_to(page, "#gan-live .play")
    tab_to(page, "#gan-live .scrub input", most=1)
    page.keyboard.press("Home")
    expect(page.locator("#gan-live .made-step")).to_have_text("step 0")
    expect(page.locator("#gan-live .scrub input")).to_have_attribute("aria-valuetext", "step 0")
    tab_to(page, "#gan-live .newest", most=1)
    page.keyboard.press("Enter")
    expect(page.locator("#gan-live .made-step")).not_to_have_text("step 0")
    for end in ("#gan-preset input", "#gan-sample", "#gan-learn button"):  # in the page's order
        tab_to(page, end)


@pytest.mark.only("gan_training")
def test_escape_closes_a_list_and_stops_nothing(visit):
    visitor = visit()
    page = visitor.arrive()
    visitor.start()
    page.locator("#gan-objective input").click()
    expect(page.get_by_role("option", name="WGAN-GP")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    assert visitor.state() == "Training"
    page.locator("#gan-seed input[type=number], #gan-learn button").last.focus()
    page.keyboard.press("Escape")
    visitor.wait_for_state("Stopped, and kept")


@pytest.mark.only("image_generation")
def test_pictures_are_chosen(open_tab):
    page = open_tab("Image generation")
    tab_to(page, "#image-prompt textarea")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#image-gallery img")).to_have_count(4, timeout=SLOW)
    tab_to(page, "#image-stage .pictures button:nth-child(2)")
    page.keyboard.press("Enter")
    expect(page.locator("#image-stage .pictures button").nth(1)).to_have_attribute("aria-pressed", "true")
    tab_to(page, "#image-gallery button:nth-child(3)")
    page.keyboard.press("Enter")
    expect(page.locator("#image-stage .pictures img")).to_have_count(1)
    expect(page.locator("#image-gallery button:nth-child(3)")).to_be_focused()


@pytest.mark.only("text_generation")
def test_the_alternatives_of_a_token(open_tab):
    page = open_tab("Text generation")
    set_slider(page, "text-max_new_tokens", 24)
    page.locator("#text-message textarea").focus()
    page.keyboard.type("Hello")
    page.keyboard.press("Enter")
    expect(page.locator("#text-inside .note")).to_contain_text("tokens/s", timeout=SLOW)
    tab_to(page, "#text-inside summary")
    page.keyboard.press("Enter")
    tab_to(page, "#text-inside .text", most=1)
    which, text = page.locator("#text-inside .which"), page.locator("#text-inside .text")
    page.keyboard.press("Enter")
    expect(which).to_contain_text("of the probability")
    expect(text.locator("span").first).to_have_class("chosen")
    expect(page.locator("#text-inside .alternatives code")).to_have_count(5)
    page.keyboard.press("ArrowRight")
    expect(text.locator("span").nth(1)).to_have_class("chosen")
    page.keyboard.press("End")
    expect(text.locator("span").last).to_have_class("chosen")
    expect(page.locator("#text-inside .inside")).to_have_attribute("aria-live", "polite")


@pytest.mark.only("finetuning")
def test_the_cells_of_the_matrix(open_tab):
    page = open_tab("Fine-tuning")
    page.locator("#finetuning-matrix button[data-truth]").first.wait_for()
    page.locator("#finetuning-start").focus()
    tab_to(page, "#finetuning-matrix button[data-truth]")
    page.keyboard.press("Enter")
    expect(page.locator("#finetuning-matrix button[data-truth]").first).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#finetuning-examples h2")).to_contain_text("✓")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#finetuning-matrix button:focus")).to_have_attribute("data-truth", "1")
    name = page.locator("#finetuning-matrix button:focus").get_attribute("aria-label")
    assert re.fullmatch(r"\d+ rows of .+ taken for .+", name)


@pytest.mark.only("gan_training")
def test_nothing_moves_for_who_wants_no_motion(visit):
    page = visit(reduced_motion="reduce").arrive()
    moving = """() => [...document.querySelectorAll("#gan-live .live *")].filter((node) => {
      const style = getComputedStyle(node);
      return style.animationName !== "none" || parseFloat(style.transitionDuration) > 0;
    }).map((node) => node.outerHTML)"""
    assert page.evaluate(moving) == []
    page.evaluate("document.querySelector('#gan-live .live').setAttribute('data-busy', '')")
    assert page.evaluate(moving) == []
