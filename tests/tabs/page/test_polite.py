import threading
import time

import gradio as gr
import httpx
import pytest

from tabs.page.polite import PoliteBlocks


@pytest.fixture
def slow_app():
    """(address, an event that is set once its endless answer ended)."""
    ended = threading.Event()

    def count(text: str):
        try:
            for number in range(600):
                yield str(number)
                time.sleep(0.05)
        finally:
            ended.set()

    with PoliteBlocks(analytics_enabled=False) as demo:
        text, answer = gr.Textbox(), gr.Textbox()
        gr.State(0)
        gr.Button().click(count, text, answer)
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True)
    yield address, ended
    demo.close(verbose=False)


def test_a_page_holds_no_stream_open_and_what_it_asked_for_ends_with_it(slow_app):
    address, ended = slow_app
    assert httpx.get(f"{address}config").json()["connect_heartbeat"] is False
    asked = {"data": ["x"], "fn_index": 0, "session_hash": "page"}
    assert httpx.post(f"{address}gradio_api/queue/join", json=asked).status_code == 200
    with httpx.stream("GET", f"{address}gradio_api/queue/data?session_hash=page", timeout=30) as stream:
        next(line for line in stream.iter_lines() if "process_generating" in line)
        assert not ended.is_set()
    assert ended.wait(20), "the page was closed, and nobody reads the answer"
