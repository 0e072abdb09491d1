"""A visitor copies the link of a tab's settings; whoever opens it has them, and a hostile link does nothing."""

import re
from urllib.parse import parse_qs, quote

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, READY, WIDE, set_slider

SCREENS = pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["1280px", "390px"])
PREFIXES = {"gan_training": "gan", "image_generation": "image", "text_generation": "text", "finetuning": "finetuning"}
EACH = pytest.mark.parametrize("tab", [pytest.param(tab, marks=pytest.mark.only(tab)) for tab in PREFIXES])
SCRIPT = "<img src=x onerror=\"document.title='taken over'\">"


def open_link(visitor, query):
    """Open an address of the app, and wait until the page has arrived in the tab that it names."""
    page = visitor.page
    page.goto(visitor.url + query)
    tab = re.search(r"tab=(\w+)", query)[1]
    page.locator(f"#{PREFIXES[tab]}-settings-link").wait_for()
    return page


# What is in the clipboard, as soon as there is something.
COPIED = """async () => {
  for (;;) {
    const text = await navigator.clipboard.readText();
    if (text) return text;
    await new Promise((done) => setTimeout(done, 50));
  }
}"""


def copy_link(visitor, tab):
    """Press Copy link; what is in the clipboard then, without the app's address."""
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.page.evaluate("navigator.clipboard.writeText('')")
    visitor.page.locator(f"#{PREFIXES[tab]}-settings-link").click()
    # Not the sentence that says so: the one of an earlier copy may still stand there.
    link = visitor.page.evaluate(COPIED)
    assert link.startswith(visitor.url)
    return link.removeprefix(visitor.url)


def open_more(page):
    page.get_by_role("button", name="More settings").locator("visible=true").first.click()


def slider(page, elem_id):
    return page.locator(f"#{elem_id} input[type=number]")


@pytest.mark.only("gan_training")
def test_the_settings_of_a_gan(visit):
    visitor = visit()
    page = visitor.arrive()
    page.get_by_label("MNIST", exact=True).click()
    page.locator("#gan-conditional input").uncheck()
    open_more(page)
    set_slider(page, "gan-steps", 500)
    query = copy_link(visitor, "gan_training")
    assert query == "?tab=gan_training&dataset=mnist&conditional=false&steps=500"

    guest = visit()
    for _ in range(2):  # and a reload keeps it
        page = open_link(guest, query)
        expect(page.get_by_label("MNIST", exact=True)).to_be_checked()
        expect(page.locator("#gan-conditional input")).not_to_be_checked()
        open_more(page)
        expect(slider(page, "gan-steps")).to_have_value("500")
        expect(page.locator(".toast-body")).to_have_count(0)


@pytest.mark.only("gan_training")
def test_a_reload_keeps_what_was_copied_and_the_latest_run_does_not_win(visit):
    visitor = visit()
    page = visitor.arrive("?__theme=dark")
    page.locator("#gan-conditional input").uncheck()
    visitor.start()
    visitor.button("Stop").click()
    visitor.wait_for_state("Stopped, and kept")
    page.locator("#gan-conditional input").check()
    page.get_by_label("Emoji", exact=True).click()
    copy_link(visitor, "gan_training")
    assert page.url.endswith("?tab=gan_training&dataset=emoji&__theme=dark")
    page.reload()
    expect(page.get_by_label("Emoji", exact=True)).to_be_checked()
    expect(page.locator("#gan-conditional input")).to_be_checked()
    expect(page.locator("body")).to_have_class(re.compile("dark"))


@pytest.mark.only("image_generation")
def test_the_settings_of_a_picture(visit):
    visitor = visit()
    page = open_link(visitor, "?tab=image_generation&prompt=owl")
    prompt = page.locator("#image-prompt textarea")
    expect(prompt).to_have_value("owl")  # the link has arrived in the form
    prompt.fill("a red & blue fox: 100% 狐狸")
    page.get_by_label("Image to image").click()
    expect(page.locator("#image-strength")).to_be_visible()
    set_slider(page, "image-strength", 0.5)
    query = copy_link(visitor, "image_generation")
    settings = parse_qs(query.removeprefix("?"))
    assert settings.pop("prompt") == ["a red & blue fox: 100% 狐狸"]
    assert settings == {"tab": ["image_generation"], "task": ["image_to_image"], "strength": ["0.5"]}

    page = open_link(visit(), query)
    expect(page.locator("#image-prompt textarea")).to_have_value("a red & blue fox: 100% 狐狸")
    expect(slider(page, "image-strength")).to_have_value("0.5")
    expect(page.locator("#image-sketch")).to_be_visible()
    expect(page.locator("#image-painted")).not_to_be_visible()


@pytest.mark.only("image_generation")
def test_a_links_model_brings_its_own_settings(visit):
    page = open_link(visit(), "?tab=image_generation&model=SD-Turbo&prompt=owl&batch=2")
    expect(page.locator("#image-model input")).to_have_value(re.compile("SD-Turbo"))
    expect(page.locator("#image-model")).not_to_contain_text("Ships with the app")
    expect(page.locator("#image-style")).not_to_be_visible()
    expect(page.locator("#image-guidance")).not_to_be_visible()
    page.wait_for_timeout(1000)  # nothing that follows the opening of the tab may turn it back
    expect(page.locator("#image-model")).not_to_contain_text("Ships with the app")
    expect(page.locator("#image-prompt textarea")).to_have_value("owl")


@pytest.mark.only("text_generation")
def test_the_settings_of_a_text_and_what_is_asked(visit):
    visitor = visit()
    page = open_link(visitor, "?tab=text_generation")
    set_slider(page, "text-temperature", 1.2)
    page.locator("#text-system textarea").fill("You are a pirate.\nSay arr.")
    page.locator("#text-message textarea").fill("Where is the treasure?")
    query = copy_link(visitor, "text_generation")

    page = open_link(visit(), query)
    expect(page.locator("#text-message textarea")).to_have_value("Where is the treasure?")
    expect(page.locator("#text-system textarea")).to_have_value("You are a pirate.\nSay arr.")
    expect(slider(page, "text-temperature")).to_have_value("1.2")
    expect(slider(page, "text-top_p")).to_have_value("0.9")


@pytest.mark.only("text_generation")
def test_a_text_to_continue_opens_its_panel_and_a_model_tells_about_itself(visit):
    page = open_link(visit(), "?tab=text_generation&text=It+was+a+dark+night&model=GPT-2")
    expect(page.locator("#text-text textarea")).to_have_value("It was a dark night")
    expect(page.locator("#text-model input")).to_have_value(re.compile("GPT-2"))
    expect(page.locator("#text-model")).to_contain_text("million parameters")
    expect(page.locator("#text-model")).not_to_contain_text("135 million")


@pytest.mark.only("text_generation")
def test_a_text_that_is_too_long_stays_out_and_is_named(visit):
    visitor = visit()
    page = open_link(visitor, "?tab=text_generation&temperature=1.5")
    expect(slider(page, "text-temperature")).to_have_value("1.5")
    page.locator("#text-message textarea").fill("long " * 2000)
    assert copy_link(visitor, "text_generation") == "?tab=text_generation&temperature=1.5"
    page.get_by_text("This is not in the link, since it is too long: Your message").wait_for()


@pytest.mark.only("finetuning")
def test_the_settings_of_a_fine_tuning(visit):
    visitor = visit()
    page = open_link(visitor, "?tab=finetuning&dataset=fashion_mnist")
    expect(page.locator("#finetuning-model input")).to_have_value("Small CNN, from scratch")
    expect(slider(page, "finetuning-epochs")).to_have_value("2")  # the link's form stands there, not the opening one
    set_slider(page, "finetuning-epochs", 7)
    assert copy_link(visitor, "finetuning") == "?tab=finetuning&dataset=fashion_mnist&epochs=7"
    page.locator("#finetuning-model input").click()
    page.get_by_role("option", name="ResNet-18").click()
    expect(page.locator("#finetuning-model input")).to_have_value(re.compile("ResNet-18"))
    query = copy_link(visitor, "finetuning")
    assert query == "?tab=finetuning&dataset=fashion_mnist&model=resnet18&epochs=7"

    page = open_link(visit(), query)
    expect(page.locator("#finetuning-dataset input")).to_have_value("Fashion-MNIST")
    expect(page.locator("#finetuning-model input")).to_have_value("ResNet-18")
    expect(slider(page, "finetuning-epochs")).to_have_value("7")
    expect(page.locator("#finetuning-preview img")).to_be_visible()


@pytest.mark.only("finetuning")
def test_a_link_that_names_the_tab_alone_opens_it_as_a_press_does(visit):
    visitor = visit()
    page = open_link(visitor, "?tab=finetuning")
    page.locator("#finetuning-live .live:not([data-state=none])").wait_for()
    page.wait_for_timeout(1000)  # nothing that follows the arrival may change the form
    expect(page.locator("#finetuning-dataset input")).to_have_value("Fashion-MNIST")
    expect(page.locator("#finetuning-recipe input")).to_have_value("Fashion-MNIST pictures")
    expect(page.locator("#finetuning-preview img")).to_be_visible()

    page.locator("#finetuning-recipe input").click()
    page.get_by_role("option", name="Movie reviews").click()  # the defaults, which are not what the tab opens on
    expect(page.locator("#finetuning-dataset input")).to_have_value("Movie reviews")
    query = copy_link(visitor, "finetuning")
    assert query == "?tab=finetuning&dataset=movie_reviews"
    page = open_link(visit(), query)
    expect(page.locator("#finetuning-dataset input")).to_have_value("Movie reviews")
    expect(page.locator("#finetuning-recipe input")).to_have_value("Movie reviews")


@EACH
def test_a_hostile_link_is_told_and_nothing_else(visit, tab):
    visitor = visit()
    evil = quote(SCRIPT)
    query = f"?tab={tab}&seed=1e999&{evil}={evil}&seed2=1&seed2=2&model={evil}&__theme=light&utm_source={evil}"
    page = open_link(visitor, query)
    toast = page.locator(".toast-body")
    expect(toast).to_contain_text("The link's Seed was ignored: Seed must be a whole number from -1 to 2147483647")
    expect(toast).to_contain_text("<img src=x")
    expect(toast).not_to_contain_text("utm_source")
    assert page.locator("img[src=x]").count() == 0
    page.wait_for_timeout(500)
    assert page.title() == "AIGC Playground"
    hostile = copy_link(visitor, tab)
    fresh = visit()
    open_link(fresh, f"?tab={tab}")
    assert hostile == copy_link(fresh, tab), "nothing of it came into the form"


@pytest.mark.only("gan_training")
def test_settings_that_do_not_go_together_leave_the_form_alone(visit):
    page = open_link(visit(), "?tab=gan_training&dataset=mnist&batch=512&features=128&size=64&d_steps=10")
    page.get_by_text("The link's settings were ignored: Batch size, Features, Image size").wait_for()
    expect(page.get_by_label("Fashion-MNIST", exact=True)).to_be_checked()


def test_a_chinese_visitor_is_told_in_chinese(visit):
    visitor = visit(locale="zh-CN")
    page = visitor.arrive("?tab=nonsense&steps=5")
    page.get_by_text("链接中的设置已忽略：这里没有这个标签页。").wait_for()
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.button("复制这些设置的链接").click()
    page.get_by_text("已复制链接。").wait_for()


@pytest.mark.only("gan_training")
def test_where_copying_is_not_allowed_the_link_is_shown(visit):
    visitor = visit()
    visitor.context.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page = open_link(visitor, "?tab=gan_training&seed=5&steps=500")
    expect(page.locator("#gan-conditional")).to_be_visible()
    open_more(page)
    expect(slider(page, "gan-steps")).to_have_value("500")
    page.locator("#gan-settings-link").click()
    link = page.locator(".toast-body code")
    expect(link).to_have_text(f"{visitor.url}?tab=gan_training&steps=500&seed=5")
    assert page.url == f"{visitor.url}?tab=gan_training&steps=500&seed=5"
    link.click()
    assert "steps=500" in page.evaluate("getSelection().toString()"), "it can be selected"
    expect(link).to_be_visible()


@pytest.mark.only("gan_training")
def test_a_form_with_a_mistake_gets_its_sentence_and_no_link(visit):
    visitor = visit()
    page = open_link(visitor, "?tab=gan_training&batch=512&features=128")
    open_more(page)
    expect(slider(page, "gan-features")).to_have_value("128")
    page.locator("#gan-size").get_by_label("64 px").click()
    set_slider(page, "gan-d_steps", 10)
    before = page.url
    page.locator("#gan-settings-link").click()
    page.get_by_text("are too large together").wait_for()
    assert page.url == before


@pytest.mark.only("image_generation", "finetuning")
def test_a_tab_pressed_before_the_links_own_has_come_is_not_taken_away(visit):
    visitor = visit()
    page, held, busy = visitor.page, [], True
    page.route("**/queue/join*", lambda route: held.append(route) if busy else route.continue_())
    page.goto(f"{visitor.url}?tab=image_generation&seed=5")
    pressed = page.get_by_role("tab", name="Fine-tuning")
    pressed.click()
    busy = False
    for route in held:
        route.continue_()
    for place in READY["finetuning"]:
        page.locator(place).wait_for()
    expect(pressed).to_have_attribute("aria-selected", "true")
    page.get_by_role("tab", name="Image generation").click()
    expect(page.locator("#image-seed input").first).to_have_value("5")


@SCREENS
@EACH
def test_it_fits_the_page(visit, viewport, tab):
    page = open_link(visit(viewport=viewport), f"?tab={tab}&" + "x" * 300 + "=1")
    page.locator(".toast-body").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    button = page.locator(f"#{PREFIXES[tab]}-settings-link")
    box = button.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= viewport["width"]
    assert button.evaluate("it => it.scrollWidth <= it.clientWidth && it.scrollHeight <= it.clientHeight + 1")
