"""Every text and cell can be read at each width, in both languages: none is cut, covered or outside its frame."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_cuts import engine  # noqa: F401

WIDTHS = (390, 768, 1280, 1920)
# Texts of which a part can't be seen, by whatever scrolling; each as "why: text". On a later screen of the same page
# only those that are on it.
FAULTS = r"""(later) => {
  const found = new Set();
  const frames = new Map(); // what is known of each element: texts share most of what they lie in
  const frame_of = (node) => {
    if (!frames.has(node)) {
      const { overflowX, overflowY, position } = getComputedStyle(node);
      const edge = node.getBoundingClientRect();
      frames.set(node, { over: { X: overflowX, Y: overflowY }, fixed: position === "fixed", edge });
    }
    return frames.get(node);
  };
  const scrolls = (over, axis) => ["auto", "scroll"].includes(over[axis]);
  const clips = (over, axis) => ["hidden", "clip"].includes(over[axis]);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const parent = node.parentElement;
    const words = node.textContent.trim();
    if (!words || parent.closest("script, style, noscript, .sr-only, .katex-mathml, option, svg, [inert]")) continue;
    if (!parent.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || (later && (box.bottom < 0 || box.top > innerHeight))) continue;
    const say = (why) => found.add(`${why}: ${words.slice(0, 60)}`);
    let [x, y, fixed] = [false, false, false];
    for (let holder = parent; holder && holder !== document.documentElement; holder = holder.parentElement) {
      const frame = frame_of(holder);
      const { over, edge } = frame;
      if (edge.width < 2 || edge.height < 2) { x = y = true; break; } // folded away
      fixed ||= frame.fixed;
      x ||= scrolls(over, "X");
      y ||= scrolls(over, "Y");
      const across = !x && clips(over, "X") && (box.right > edge.right + 2 || box.left < edge.left - 2);
      const below = !y && clips(over, "Y") && (box.bottom > edge.bottom + 3 || box.top < edge.top - 3);
      if (across || below) { say(across ? "cut" : "cut below"); break; }
    }
    if (!x && (box.right + scrollX > innerWidth + 1 || box.left + scrollX < -1)) say("outside");
    const at = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 8)];
    if (x || y || fixed || at[0] < 0 || at[0] > innerWidth || at[1] < 0 || at[1] > innerHeight) continue;
    const top = document.elementFromPoint(...at);
    for (let over = top; over && !over.contains(parent) && !parent.contains(over); over = over.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(over);
      const clear = /, 0\)$|transparent/.test(backgroundColor) && backgroundImage === "none";
      if (!clear || ["IMG", "CANVAS", "VIDEO"].includes(over.tagName)) { say("covered"); break; }
    }
  }
  return [...found];
}"""


def open_by(page, button):
    """A tab, which stands in a menu where there is no room for it."""
    tab = page.get_by_role("tab", name=button, exact=True)
    if tab.count():
        tab.first.click()
        return
    menu = page.locator(".overflow-menu", has_text=button).first
    menu.locator("> button").click()
    menu.locator(".overflow-dropdown button", has_text=button).click()


def faults(page):
    """On all of the page as it is, screen by screen."""
    found = set()
    height = page.evaluate("document.documentElement.scrollHeight")
    step = page.viewport_size["height"] - 100
    for y in range(0, height, step):
        page.evaluate("y => scrollTo(0, y)", y)
        found |= set(page.evaluate(FAULTS, y > 0))
    page.evaluate("scrollTo(0, 0)")
    return found


def panels_of(page):
    """The names of the sub-tabs of the tab that is open."""
    inner = "[role=tabpanel] [role=tablist] [role=tab], [role=tabpanel] .overflow-dropdown button"
    names = page.locator(inner).evaluate_all(
        "nodes => nodes.filter(n => n.closest('[role=tabpanel]').checkVisibility()).map(n => n.textContent.trim())"
    )
    return list(dict.fromkeys(names))


def each_panel(page):
    """Opens each sub-tab after the other and yields its name; the inner ones first, which go with their outer one."""
    for panel in reversed(panels_of(page) or [""]):
        if panel and panel in panels_of(page):
            open_by(page, panel)
            page.wait_for_timeout(300)
        yield panel


def draw(page):
    """Pictures on the stage and in the gallery."""
    page.locator("#image-start").click()
    expect(page.locator("#image-stage .facts")).not_to_be_empty(timeout=60_000)


def write(page):
    """An answer, and scores; in Chinese the tab opens on Continue."""
    if page.evaluate("document.documentElement.lang") == "zh-CN":
        page.locator("#text-continue-start").wait_for()
        open_by(page, panels_of(page)[0])
    page.locator("#text-message textarea").fill("A question that is asked. " * 12)
    page.locator("#text-chat-start").click()
    expect(page.locator("#text-chat .bot.message .about")).to_contain_text("30", timeout=60_000)
    open_by(page, panels_of(page)[-1])
    page.locator("#text-score-start").click()
    expect(page.locator("#text-score-table")).to_contain_text("BLEU", timeout=60_000)


def tell(page):
    """What the example's classifier takes a text for."""
    open_by(page, panels_of(page)[1])
    page.locator("#finetuning-another:enabled").click()
    page.locator("#finetuning-answer .chances").wait_for()


# What makes something in the panels that show what was made; trainings show their examples.
PARTS = {
    "gan_training": None,
    "vae_training": None,
    "diffusion_training": None,
    "points_training": None,
    "gpt_training": None,
    "image_generation": draw,
    "text_generation": write,
    "finetuning": tell,
}


def check_widths(page):
    """No fault in any sub-tab of the tab that is open, at any width."""
    found = {}
    for width in WIDTHS:
        # high where pages are long: fewer screens to look at
        page.set_viewport_size({"width": width, "height": 2400 if width < 1000 else 900})
        page.wait_for_timeout(600)
        for panel in each_panel(page):
            found[f"{width} px, {panel}"] = faults(page)
    assert not {place: texts for place, texts in found.items() if texts}


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
@pytest.mark.parametrize("part", [pytest.param(part, marks=pytest.mark.only(part)) for part in PARTS])
def test_everything_can_be_read(visit, locale, part, engine):  # noqa: F811
    page = visit(locale=locale).arrive()
    if PARTS[part]:
        PARTS[part](page)
    check_widths(page)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_the_names_of_all_tabs_can_be_read(visit, locale):
    page = visit(locale=locale).arrive()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(600)
        assert not faults(page), width
