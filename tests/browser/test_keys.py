"""Keys of an input method, and those that close what is open, start and stop nothing of ours."""

import pytest

from tests.browser.conftest import expect

COMPOSING = """([selector, key, how]) => {
  const options = { key, ctrlKey: key === "Enter", bubbles: true, cancelable: true };
  const event = new KeyboardEvent("keydown", { ...options, ...how });
  document.querySelector(selector).dispatchEvent(event);
}"""


@pytest.fixture
def training(visit):
    """A visitor who has started a training."""
    visitor = visit()
    visitor.arrive()
    visitor.start()
    return visitor


@pytest.mark.only("gan_training")
def test_esc_stops_a_training_only_when_nothing_else_uses_it(training):
    page = training.page
    for how in ({"isComposing": True}, {"keyCode": 229}):
        page.evaluate(COMPOSING, ["#gan-live", "Escape", how])
    page.locator("input[type=number]:visible").first.click()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.locator("footer button", has_text="Settings").click()
    page.locator(".api-docs, .backdrop").first.wait_for()
    panel = page.locator(".api-docs").first
    expect(panel).to_contain_text("Display Theme")
    expect(panel.get_by_text("launch(pwa=True)")).not_to_be_visible()  # for whoever programs
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)  # a click of ours comes 60 ms after the key
    assert training.state() == "Training"
    page.mouse.click(20, 450)  # beside the panel, which closes it
    page.locator(".api-docs, .backdrop").first.wait_for(state="hidden")
    page.keyboard.press("Escape")
    training.wait_for_state("Stopped, and kept")
    for how in ({"isComposing": True}, {"keyCode": 229}):
        page.evaluate(COMPOSING, ["#gan-live", "Enter", how])
    page.wait_for_timeout(500)
    assert training.state() == "Stopped, and kept"


@pytest.mark.only("gan_training")
def test_esc_in_another_tab_of_the_browser_stops_nothing(training):
    other = training.context.new_page()
    other.goto(training.url)
    expect(other.locator("#gan-live .state")).to_have_text("Training")
    expect(other.locator("#gan-stop")).to_be_enabled()
    other.keyboard.press("Escape")
    other.wait_for_timeout(500)
    assert training.state() == "Training"
    other.close()
    training.page.keyboard.press("Escape")
    training.wait_for_state("Stopped, and kept")


@pytest.mark.parametrize(
    ("box", "begun"),
    [
        pytest.param(
            "#text-message textarea", "#text-chat .message", marks=pytest.mark.only("text_generation"), id="text"
        ),
        pytest.param(
            "#image-prompt textarea",
            "#image-stage .stage[aria-busy=true]",
            marks=pytest.mark.only("image_generation"),
            id="image",
        ),
    ],
)
def test_keys_of_an_input_method_send_and_draw_nothing(visit, box, begun):
    page = visit().arrive()
    page.locator(box).fill("red apple")
    page.wait_for_timeout(500)  # the server has the text
    for how in ({"isComposing": True}, {"keyCode": 229}, {"isComposing": True, "ctrlKey": False}):
        for key in ("Enter", "Escape"):
            page.evaluate(COMPOSING, [box, key, how])
    page.wait_for_timeout(500)
    expect(page.locator(begun)).to_have_count(0)
    expect(page.locator(box)).to_have_value("red apple")
    page.locator(box).press("Control+Enter")  # the same key, meant for us
    expect(page.locator(begun).first).to_be_attached()
