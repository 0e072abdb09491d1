"""The owner's field for a text server: who may use it, and what it does."""

from types import SimpleNamespace

import gradio as gr
import pytest
from gradio_client import Client

from engines.text_generation.config import SERVED
from engines.text_generation.models import Models
from tabs.text_generation.server_field import ServerField, at_this_machine
from tests.fakes import free_port
from tests.served import served
from tests.text_server import NAME, text_server


def request(client="127.0.0.1", host="localhost:7860", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SimpleNamespace(
        client=SimpleNamespace(host=client), headers={"host": host, "accept-language": "en", **named}
    )


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:7860", "[::1]:7860"])
def test_who_sits_at_the_machine_is_the_owner(host):
    assert at_this_machine(request(host=host))
    assert at_this_machine(request("::1", host))


@pytest.mark.parametrize(
    "stranger",
    [
        request("192.168.0.7"),
        request(host="evil.example"),  # a name that a strange page lets point to this machine
        request(host="127.0.0.1.evil.example"),
        request(host=""),
        request(x_forwarded_for="10.0.0.1"),
        request(forwarded="for=10.0.0.1"),
        SimpleNamespace(client=None, headers={}),
    ],
)
def test_nobody_else_is(stranger):
    assert not at_this_machine(stranger)


def field(key=""):
    with gr.Blocks():
        return ServerField(Models(), key)


def test_the_owner_names_a_server_another_and_none():
    one = field("secret")
    with text_server(lambda *_: None) as fake:
        assert f"The text server has {NAME}." in one.name(f" {fake.url} ", request())
        assert fake.asked[0][2]["Authorization"] == "Bearer secret"
        assert one.models.card(SERVED + NAME).id == SERVED + NAME
    before = one.models.server
    for url, says in ((f"http://127.0.0.1:{free_port()}", "cannot be reached"), ("localhost", "must be like")):
        with pytest.raises(gr.Error, match=says):
            one.name(url, request())
    assert one.models.server is before, "what is wrong changes nothing"
    assert "No text server." in one.name("", request())
    assert one.models.server is None


def test_a_stranger_changes_nothing():
    one = field()
    with pytest.raises(gr.Error, match="Only who sits at the machine"):
        one.name("http://localhost:8000/v1", request("10.0.0.7"))
    assert one.models.server is None


@pytest.mark.slow
@pytest.mark.parametrize("key", [None, ""])
def test_the_field_is_there_only_where_it_was_asked_for(key):
    with served(only=("text_generation",), server_key=key) as (url, _):
        page = str(Client(url, verbose=False).config)
    assert ("text-server-url" in page) is (key is not None)
