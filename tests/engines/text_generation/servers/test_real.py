"""`transformers serve`, a server that others made, on this machine with a tiny model: it streams, stops, refuses."""

import subprocess
import sys
import time
import urllib.request

import pytest

from engines.messages import EngineError
from engines.running.events import Answer, Token
from engines.text_generation.config import SERVED, TextConfig
from engines.text_generation.engine import chat, continue_text
from engines.text_generation.models import Models
from engines.text_generation.servers.server import PLAIN, TextServer
from tests.fakes import free_port, wait_until
from tests.tiny_models import save_llama

pytestmark = pytest.mark.slow
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Those of the server, which has one."""
    pytest.importorskip("openai", reason="transformers serve needs the package openai, which is not installed")
    folder, port = tmp_path_factory.mktemp("tiny"), free_port()
    save_llama(folder)
    command = [sys.executable, "-c", "from transformers.cli.transformers import app; app()", "serve", str(folder)]
    command += ["--port", str(port), "--device", "cpu", "--host", "127.0.0.1"]
    log = (folder / "log.txt").open("w")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until(lambda: process.poll() is not None or is_there(port), 120)
        assert process.poll() is None, (folder / "log.txt").read_text()[-2000:]
        yield Models(server=TextServer(f"http://127.0.0.1:{port}"))
    finally:
        process.kill()
        process.wait()


def is_there(port: int) -> bool:
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).status == 200
    except OSError:
        return False


def config(models, **settings) -> TextConfig:
    [name] = models.server.names()
    return TextConfig(model=SERVED + name, max_new_tokens=12, **settings)


def test_it_chats_and_writes_on(models):
    for events in (chat(models, config(models), HELLO), continue_text(models, config(models), "Once")):
        *tokens, answer = events
        texts = [token.text for token in tokens if isinstance(token, Token)]
        assert len(texts) > 1
        assert "".join(texts) == answer.text
        assert (answer.ended, answer.new_tokens, answer.note) == ("length", 12, PLAIN)
        assert answer.prompt_tokens > 0


def test_a_stop_is_heard(models):
    events = chat(models, TextConfig(**{**config(models).to_dict(), "max_new_tokens": 200}), HELLO)
    began, event = time.monotonic(), next(events)
    while not isinstance(event, Answer):
        event = events.send(isinstance(event, Token))
    assert event.ended == "stopped"
    assert event.text
    assert time.monotonic() - began < 30


def test_it_refuses_a_model_that_it_has_not(models, monkeypatch):
    monkeypatch.setattr(models.server, "card", lambda model: None)
    with pytest.raises(EngineError, match="The text server refused"):
        list(chat(models, TextConfig(model=f"{SERVED}nobody/nothing"), HELLO))
