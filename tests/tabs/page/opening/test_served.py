"""The page as it comes over the network: with the script that goes before all others, and compressed."""

import gzip

import httpx
import pytest

from tabs.page.opening.served import Zipped
from tests.served import served


@pytest.fixture(scope="module")
def address():
    with served(only=("gan_training",)) as (url, _):
        yield url


def test_the_page_is_compressed_for_who_can_read_that_and_the_same_for_all(address):
    plain = httpx.get(address, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text.count("<head><script>{\nconst LOCALES") == 1
    packed = httpx.get(address)
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content) / 3


def test_nothing_else_is_touched(address):
    health = httpx.get(f"{address}health")
    assert health.json()["status"] == "ok"
    assert "content-encoding" not in health.headers


def test_another_page_is_compressed_anew():
    zipped = Zipped()
    for body in (b"one", b"one", b"another", b"one"):
        assert gzip.decompress(zipped.of(body)) == body
