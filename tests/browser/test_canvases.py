"""A picture that was drawn or uploaded travels to the server once for each Generate, and only for its task."""

from tests.browser.test_image_generation import generate, open_tab, tiny_model  # noqa: F401

FEW = 12  # requests: a background, layers and what they make together


def test_a_canvas_is_uploaded_once_a_picture_and_not_at_all_for_text(open_tab):  # noqa: F811
    _, page = open_tab()
    generate(page)
    page.locator("#image-change").click()
    page.wait_for_timeout(1500)  # the editor lays itself out
    uploads = []
    page.on("request", lambda request: uploads.append(request.url) if "/upload" in request.url else None)
    generate(page)
    assert len(uploads) <= FEW
    uploads.clear()
    page.get_by_label("Text to image").click()
    page.wait_for_timeout(500)
    generate(page)
    assert not uploads
