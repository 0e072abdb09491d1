"""A visitor chooses the page's language on the page: all of it turns, and stays so."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, WIDE, Visitor
from tests.served import served

BOTH = {
    "to Chinese": ("en-US", "中文", "zh-CN", "zh", "开始", "已完成", "图像生成", "损失"),
    "to English": ("zh-CN", "English", "en", "en", "Start", "Finished", "Image generation", "Losses"),
}
ANY_CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.only("gan_training", "image_generation")
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280px", "390px"])
@pytest.mark.parametrize("way", BOTH)
def test_the_switch_turns_everything_and_is_kept(visit, way, viewport):
    locale, name, lang, code, start, state, tab, losses = BOTH[way]
    visitor = visit(locale=locale, viewport=viewport)
    page = visitor.arrive()
    visitor.button(name).click()
    page.wait_for_url(re.compile(f"lang={code}"))
    for query in ("", "?tab=gan_training"):  # where it leads, and in a later visit
        expect(page.locator("html")).to_have_attribute("lang", lang)
        expect(page.locator("#gan-start")).to_have_text(start)
        expect(page.locator("#gan-live .state")).to_have_text(state)
        expect(page.locator("#gan-live figure.chart figcaption").first).to_have_text(losses)
        expect(visitor.button(name)).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_role("tab", name=tab, exact=True)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        visitor.arrive(query)
    page.locator("#gan-learn button").first.click()
    lesson = page.locator(".learn").first
    expect(lesson).not_to_be_empty()
    page.wait_for_function("document.querySelector('.learn')?.innerText.length > 200")
    assert bool(ANY_CHINESE.search(lesson.inner_text())) == (code == "zh")
    page.get_by_role("tab", name="Open" if code == "en" else "打开", exact=True).click()
    page.locator("#gan-open input[type=file]").set_input_files(
        {"name": "x.zip", "mimeType": "application/zip", "buffer": b"PK"}
    )
    expect(page.locator(".toast-body")).to_contain_text("这个文件" if code == "zh" else "This file is not")


@pytest.mark.only("gan_training")
@pytest.mark.parametrize(("name", "lang"), [("简体中文", "zh-CN"), ("繁體中文", "zh-CN"), ("Français", "fr")])
def test_the_list_of_languages_in_the_settings_of_gradio_turns_all_of_the_page(visit, name, lang):
    page = visit().arrive()
    page.locator("footer button", has_text="Settings").click()
    page.locator("input[aria-label=Language]").click()
    page.get_by_role("option", name=name, exact=True).click()
    if lang == "fr":  # which the page does not speak: what is Gradio's is all that turns
        page.locator("footer").get_by_text("Paramètres").wait_for()
        assert "lang=" not in page.url
        return
    page.wait_for_url(re.compile("lang=zh"))
    expect(page.locator("html")).to_have_attribute("lang", lang)
    expect(page.locator("#gan-live .state")).to_have_text("已完成")
    expect(page.locator("#gan-start")).to_have_text("开始")


@pytest.mark.only("gan_training")
def test_a_link_carries_the_language(visit):
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.arrive("?lang=zh")
    page.locator("#gan-settings-link").click()
    page.get_by_text("已复制链接").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert "lang=zh" in link
    someone_else = visit()
    someone_else.arrive(link.removeprefix(someone_else.url))
    expect(someone_else.page.locator("#gan-start")).to_have_text("开始")
    expect(someone_else.page.locator(".toast-body")).to_have_count(0)


@pytest.mark.only("gan_training")
@pytest.mark.parametrize("query", ["?lang=xx", "?lang=", "?lang=constructor", "?lang=zh&lang=en"])
def test_a_made_up_language_harms_nothing(visit, query):
    page = visit().arrive(query)
    expect(page.locator("#gan-start")).to_have_text(re.compile("Start|开始"))
    expect(page.locator(".toast-body")).to_have_count(0)


@pytest.mark.only("gan_training")
def test_under_an_unknown_subpath_the_page_says_what_is_missing(browser, url):
    context = browser.new_context()
    page = context.new_page()

    def forward(route):  # as a proxy does that serves the page at /play/
        route.fulfill(response=route.fetch(url=route.request.url.replace("/play/", "/", 1)))

    page.route("**/play/**", forward)
    page.goto(url + "play/")
    expect(page.get_by_role("alert").first).to_contain_text("--root-path /play")
    page.unroute_all(behavior="ignoreErrors")  # Gradio's stream never ends
    context.close()


def test_with_the_root_path_the_page_works_under_it(browser):
    with served(root_path="/play", only=["gan_training"]) as (address, _):
        visitor = Visitor(browser, address.rstrip("/") + "/")
        page = visitor.page

        def forward(route):
            route.fulfill(response=route.fetch(url=route.request.url.replace("/play/", "/", 1)))

        page.route("**/play/**", forward)
        page.goto(visitor.url + "play/")
        expect(page.get_by_text("--root-path")).to_have_count(0)
        page.locator("#gan-live .live[data-state=finished]").wait_for()
        expect(page.locator("#gan-preview img")).to_be_visible()
        page.unroute_all(behavior="ignoreErrors")
        visitor.context.close()
