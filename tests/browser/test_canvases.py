"""Nothing is sent twice: a picture that was drawn travels once for each Generate, and only for its task."""

import pytest

from tests.browser.test_image_generation import generate, open_tab, tiny_model  # noqa: F401

pytestmark = pytest.mark.only("image_generation")


class Traffic:
    """What a page sends: requests of the queue as their bodies' lengths, and uploads."""

    def __init__(self, page):
        self.joins, self.uploads = [], []
        page.on("request", self._note)

    def _note(self, request):
        if "/queue/join" in request.url:
            self.joins.append(len(request.post_data or ""))
        if "/upload" in request.url:
            self.uploads.append(request.url)

    def clear(self):
        self.joins.clear()
        self.uploads.clear()

    def large(self):
        return [size for size in self.joins if size > 1500]


def stroke(page, elem_id):
    canvas = page.locator(f"#{elem_id} canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 30, y)
    page.mouse.down()
    page.mouse.move(x + 30, y, steps=5)
    page.mouse.up()


def test_a_canvas_travels_once_a_picture_and_not_at_all_for_text(open_tab):  # noqa: F811
    _, page = open_tab()
    generate(page)
    traffic = Traffic(page)
    for button, canvas in (("#image-change", "image-sketch"), ("#image-repaint", "image-painted")):
        page.locator(button).click()
        page.locator(f"#{canvas} .empty:enabled").wait_for()
        stroke(page, canvas)
        traffic.clear()
        generate(page)
        page.wait_for_timeout(1000)
        assert not traffic.uploads
        assert len(traffic.large()) == 1, traffic.joins
        assert len(traffic.joins) <= 6, "Generate, and what follows the stage"
    page.get_by_label("Text to image").click()
    page.wait_for_timeout(500)
    traffic.clear()
    generate(page)
    assert not traffic.uploads
    assert not traffic.large()


def test_strokes_are_taken_back_and_the_canvas_is_emptied(open_tab):  # noqa: F811
    _, page = open_tab()
    page.get_by_label("Image to image").click()
    undo, empty = page.locator("#image-sketch .undo"), page.locator("#image-sketch .empty")
    page.locator("#image-sketch canvas").wait_for()
    assert undo.is_disabled()
    blank = page.evaluate("document.querySelector('#image-sketch canvas').toDataURL()")
    stroke(page, "image-sketch")
    assert page.evaluate("document.querySelector('#image-sketch canvas').toDataURL()") != blank
    undo.click()
    assert page.evaluate("document.querySelector('#image-sketch canvas').toDataURL()") == blank
    stroke(page, "image-sketch")
    empty.click()
    page.wait_for_function("document.querySelector('#image-sketch .empty').disabled")
    assert page.evaluate("document.querySelector('#image-sketch canvas').toDataURL()") == blank
