"""A page at rest holds no connection: a browser has six for all its tabs, and Gradio's streams would take them."""

from tests.browser.test_seven_tabs import streams

REST = 5000  # ms; a page gives a connection up after three seconds

# On a busy machine a request is answered late: what it began may have ended by then, over the stream of another.
LATE = """
  const plain = window.fetch.bind(window);
  let asked = 0;
  window.fetch = async (input, init) => {
    const answer = await plain(input, init);
    const late = String(input.url ?? input).includes("/queue/join") && asked++ % 2;
    if (late) await new Promise((go) => setTimeout(go, 1500));
    return answer;
  };
"""


def test_a_page_at_rest_holds_no_connection(visit):
    visitor = visit()
    page, waiting = visitor.page, []
    page.add_init_script(LATE)
    page.on("request", lambda request: waiting.append(request.url))
    for event in ("requestfinished", "requestfailed"):
        page.on(event, lambda request: request.url in waiting and waiting.remove(request.url))
    visitor.arrive()
    page.wait_for_timeout(REST)
    page.get_by_role("tab", name="Image generation", exact=True).click()
    page.wait_for_timeout(REST)
    assert not streams(waiting)

    page.get_by_role("tab", name="Live training: GAN · VAE · diffusion", exact=True).click()
    page.get_by_role("tab", name="Explore", exact=True).click()
    page.locator("#gan-sample").click()  # and what is asked for next is answered all the same
    page.locator("#gan-picture img").wait_for()
