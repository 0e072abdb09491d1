"""A page at rest holds no connection: a browser has six for all its tabs, and Gradio's streams would take them."""

REST = 6000  # ms without a request after which a page is at rest; it gives a connection up after three seconds

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
    for name in ("Image generation", "Text generation", "Fine-tuning", "Live GAN training"):
        page.get_by_role("tab", name=name, exact=True).click()
        page.wait_for_timeout(1000)
    page.wait_for_timeout(REST)
    held = [url for url in waiting if "/queue/data" in url or "/heartbeat" in url]
    assert not held

    page.get_by_role("tab", name="Explore", exact=True).click()
    page.locator("#gan-sample").click()  # and what is asked for next is answered all the same
    page.locator("#gan-picture img").wait_for()
