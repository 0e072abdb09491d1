"""What an address may be, and that no server keeps anyone waiting."""

import socket
import threading
import time

import pytest

from engines.messages import ConfigError, EngineError
from engines.running.events import Note
from engines.text_generation.servers import connection
from engines.text_generation.servers.connection import Address, Exchange
from tests.fakes import free_port
from tests.text_server import text_server


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://localhost:8000", "/v1"),
        ("http://localhost:8000/", "/v1"),
        (" https://api.example.org/api/v4/ ", "/api/v4"),
        ("http://[::1]:11434/v1", "/v1"),
    ],
)
def test_an_address_says_where_the_api_begins(url, path):
    address = Address.of(url, "key")
    assert (address.secure, address.path) == ("https" in url, path)
    assert "key" not in repr(address).replace("key=", "")


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8000", "ftp://a", "http://", "http://a:b", "http://a/?x=1", "file:///etc/passwd", "http://a/ b"],
)
def test_what_is_no_address_is_told(url):
    with pytest.raises(ConfigError, match="must be like http://localhost:8000/v1"):
        Address.of(url)


def test_a_key_comes_from_the_environment_alone_and_fits_a_header():
    with pytest.raises(ConfigError, match="AIGC_TEXT_SERVER_KEY"):
        Address.of("http://user:secret@localhost")
    with pytest.raises(ConfigError, match="no blanks"):
        Address.of("http://localhost", "a\r\nX-Evil: 1")


def test_nobody_listens():
    exchange = Exchange(Address.of(f"http://127.0.0.1:{free_port()}"), "/models")
    with pytest.raises(EngineError, match=r"cannot be reached now \(Connection refused\)"):
        exchange.next(10)


def test_a_silent_server_is_left_and_a_stop_is_heard_at_once():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = Address.of(f"http://127.0.0.1:{silent.getsockname()[1]}")
        exchange = Exchange(address, "/chat/completions", {}, silence=0.1)
        assert exchange.next(0.01) is None
        time.sleep(0.15)
        with pytest.raises(EngineError, match="sent nothing for 0 s"):
            exchange.next(0.01)
        exchange.close()
        waits = Exchange(address, "/chat/completions", {}).wait(Note("waiting"))
        next(waits)
        with pytest.raises(StopIteration) as ended:
            waits.send(True)
        assert ended.value.value is None


def test_a_server_notices_that_it_was_left():
    left = threading.Event()

    def endless(handler, _):
        handler.stream(done=False)
        try:
            while True:
                handler.send({})
                time.sleep(0.005)
        except OSError:
            left.set()

    with text_server(endless) as server:
        exchange = Exchange(Address.of(server.url), "/chat/completions", {})
        assert exchange.next(5) == 200
        assert exchange.next(5).startswith(b"data:")
        exchange.close()
        assert left.wait(5)


def test_an_answer_without_end_is_cut(monkeypatch):
    monkeypatch.setattr(connection, "LONGEST_ANSWER", 1000)
    with text_server(lambda handler, _: handler.reply(200, b"x\n" * 1000)) as server:
        exchange = Exchange(Address.of(server.url), "/chat/completions", {})
        with pytest.raises(EngineError, match="broke off"):
            list(iter(lambda: exchange.next(5), b""))


def test_what_speaks_no_http_is_no_text_server():
    with socket.create_server(("127.0.0.1", 0)) as other:
        exchange = Exchange(Address.of(f"http://127.0.0.1:{other.getsockname()[1]}"), "/models")
        line, _ = other.accept()
        line.sendall(b"220 mail ready\r\n")
        with pytest.raises(EngineError, match="or it is none"):
            exchange.next(5)
        line.close()
