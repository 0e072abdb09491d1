"""A visitor asks for several things on one picture, in English and in Chinese. The model is tiny and random."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_image_generation import SLOW, about, generate, note, open_tab, tiny_model, to_tab  # noqa: F401

pytestmark = pytest.mark.only("image_generation")


def test_several_things_are_put_together_and_that_can_be_turned_off(open_tab):  # noqa: F811
    _, page = open_tab()
    line = page.locator("#image-reading")
    page.locator("#image-prompt textarea").fill("a pizza on a rocket")
    expect(line).to_have_text(
        "Drawn one by one and put together, the first on the second: “pizza”, “rocket”. In one go the model"
        " draws them less sharply."
    )
    generate(page)
    expect(about(page)).to_contain_text("put together, the first on the second: “pizza”, “rocket”")
    expect(page.locator("#image-stage .pictures img")).to_have_count(4)
    size = page.locator("#image-stage .pictures img").first.evaluate("node => [node.naturalWidth, node.naturalHeight]")
    assert size == [256, 256]

    page.get_by_role("button", name="More settings").first.click()
    page.locator("#image-together").get_by_text("In one go").click()
    expect(line).to_contain_text("choose to have each drawn by itself")
    page.locator("#image-prompt textarea").fill("blue pizza")
    page.locator("#image-together").get_by_text("Put together").click()
    expect(line).to_have_text("Drawn as “pizza” by the model and coloured blue afterwards.")
    generate(page)
    expect(about(page)).to_contain_text("coloured blue afterwards")
    page.locator("#image-prompt textarea").fill("pizza")
    expect(line).to_be_hidden()
    generate(page)
    expect(about(page)).not_to_contain_text("afterwards")


def test_chinese_prompts_of_several_things_are_put_together(visit):
    page = to_tab(visit(locale="zh-CN"), "图像生成")
    page.locator("#image-prompt textarea").fill("两个披萨和火箭")
    expect(page.locator("#image-reading")).to_have_text(
        "逐个画出再拼合（并排）：“披萨 → pizza” × 2、“火箭 → rocket”。一次画完的话，模型画得没有这么清楚。"
    )
    page.locator("#image-start").click()
    expect(about(page)).to_contain_text("逐个画出再拼合（并排）", timeout=SLOW)
    expect(page.locator("#image-stage .pictures img")).to_have_count(4)
    page.locator("#image-stop").wait_for()
    expect(note(page)).to_have_text(re.compile("^$"))
