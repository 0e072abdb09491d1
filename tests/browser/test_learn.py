"""A visitor unfolds Learn: formulas are drawn, follow the screen and fit it, in both languages, from this machine."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, set_slider

SCREENS = pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280px", "390px"])
# Formulas and words that stick out of the panel, and TeX that was left as it is.
FAULTS = r"""id => {
  const panel = document.querySelector(`#${id} .prose.learn`), edge = panel.getBoundingClientRect().right + 1;
  const words = panel.cloneNode(true);
  words.querySelectorAll(".katex").forEach(formula => formula.remove());
  return [
    ...[...panel.querySelectorAll(".katex-html .base, p, li")]
      .filter(part => part.getBoundingClientRect().right > edge).map(part => part.textContent),
    ...[...panel.querySelectorAll(".katex-error")].map(error => error.textContent),
    ...(words.textContent.match(/[$\\{}\[\]]/g) ?? []),
    ...(document.documentElement.scrollWidth > innerWidth ? ["the page scrolls sideways"] : []),
  ];
}"""


def unfold(page, prefix):
    page.locator(f"#{prefix}-learn button").first.click()
    panel = page.locator(f"#{prefix}-learn .prose.learn")
    expect(panel.locator(".katex-display").first).to_be_visible()
    return panel


@pytest.mark.only("gan_training")
@SCREENS
def test_the_objective_on_the_screen_is_explained(visit, viewport):
    page = visit(viewport=viewport).arrive()
    panel = unfold(page, "gan")
    expect(panel).to_contain_text("Your objective: non-saturating")
    expect(panel).not_to_contain_text("Your objective: WGAN-GP")
    assert page.evaluate(FAULTS, "gan-learn") == []
    assert "KaTeX" in panel.locator(".katex").first.evaluate("formula => getComputedStyle(formula).fontFamily")
    assert panel.locator("a").first.get_attribute("href").startswith("https://arxiv.org/abs/")

    page.locator("#gan-objective input").click()
    page.get_by_role("option", name="WGAN-GP").click()
    expect(panel).to_contain_text("Your objective: WGAN-GP")
    expect(panel).not_to_contain_text("Your objective: non-saturating")
    assert page.evaluate(FAULTS, "gan-learn") == []


def test_chinese_in_the_dark_on_a_phone_with_the_numbers_of_the_screen(visit):
    visitor = visit(viewport=NARROW, locale="zh-CN", color_scheme="dark")
    page = visitor.arrive("?__theme=dark")
    page.get_by_role("tab", name="文本生成").click()
    panel = unfold(page, "text")
    expect(panel).to_contain_text("注意力：词元怎样看到别的词元")
    assert page.evaluate(FAULTS, "text-learn") == []
    set_slider(page, "text-temperature", 1.3)
    formulas = panel.locator(".katex-display annotation")
    expect(formulas.filter(has_text="e^{z_i/1.3}")).to_have_count(1)
    formula = panel.locator(".katex").first
    assert formula.evaluate("it => getComputedStyle(it).color") == panel.evaluate("it => getComputedStyle(it).color")


def test_a_question_mark_opens_its_paragraph(visit):
    page = visit().arrive()
    ask = page.get_by_role("button", name="What is this? (Objective)")
    ask.click()
    expect(page.locator("#gan-learn h2:focus")).to_have_text("Your objective: non-saturating")
    page.get_by_role("button", name="What is this? (Losses)").click()
    expect(page.locator("#gan-learn h2:focus")).to_have_text("Reading the charts")
    expect(page.locator("#gan-learn h2:focus")).to_be_in_viewport()


@pytest.mark.only("text_generation")
def test_a_label_with_a_question_mark_is_still_the_name_of_its_field(visit):
    page = visit().arrive()
    page.locator("#text-system .ask").wait_for()
    page.locator("#text-system [data-testid=block-info]").click()
    expect(page.locator("#text-system textarea")).to_be_focused()
    expect(page.get_by_role("textbox", name="System prompt")).to_have_count(1)
