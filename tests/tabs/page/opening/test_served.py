"""The page as it comes over the network: with the script that goes before all others, and compressed."""

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.testclient import TestClient

from tabs.page.opening.served import ADDRESSES, FirstScript
from tests.served import served


@pytest.fixture(scope="module")
def address():
    with served(only=("gan_training",)) as (url, _):
        yield url


def test_the_page_is_compressed_for_who_can_read_that_and_the_same_for_all(address):
    plain = httpx.get(address, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text.count("<head><script>{\nconst LOCALES") == 1
    for coding in ("gzip", "br"):
        packed = httpx.get(address, headers={"accept-encoding": coding})
        assert packed.headers["content-encoding"] == coding
        assert packed.headers["vary"] == "Accept-Encoding"
        assert packed.content == plain.content
        assert int(packed.headers["content-length"]) < len(plain.content) / 3


def test_nothing_else_is_touched(address):
    health = httpx.get(f"{address}health")
    assert health.json()["status"] == "ok"
    assert "content-encoding" not in health.headers


class Writing:
    """Writes a page that tells whose address it is for, and counts."""

    def __init__(self, **headers):
        self.count, self.headers = 0, headers

    async def __call__(self, scope, receive, send):
        self.count += 1
        await HTMLResponse(f"<head>{Request(scope).base_url}", headers=self.headers)(scope, receive, send)


def ask(app, path="/", **headers):
    return TestClient(app).get(path, headers=headers).text.split("</script>")[-1]


def test_the_page_of_an_address_is_written_once_and_each_address_has_its_own():
    writing = Writing()
    app = FirstScript(writing)
    for host in ("a.example", "b.example", "a.example", "b.example"):
        assert ask(app, host=host) == f"http://{host}/"
    assert ask(app, "/?tab=text", host="a.example") == "http://a.example/"  # what it opens at is the browser's to read
    assert writing.count == 2
    ask(app, host="a.example", **{"x-forwarded-proto": "https"})
    assert writing.count == 3


def test_no_more_addresses_are_kept_than_allowed():
    writing = Writing()
    app = FirstScript(writing)
    for number in range(3 * ADDRESSES):
        ask(app, host=f"{number}.example")
    assert writing.count == 3 * ADDRESSES
    assert len(app._kept) == ADDRESSES
    ask(app, host=f"{number}.example")
    assert writing.count == 3 * ADDRESSES


@pytest.mark.parametrize(("path", "headers"), [("/?deep_link=x", {}), ("/", {"set-cookie": "a=b"})])
def test_what_is_one_visitors_own_is_not_kept(path, headers):
    writing = Writing(**headers)
    app = FirstScript(writing)
    for _ in range(2):
        ask(app, path)
    assert writing.count == 2


def test_every_cookie_reaches_the_browser():
    async def page(scope, receive, send):
        response = HTMLResponse("<head>")
        response.set_cookie("one", "1")
        response.set_cookie("two", "2")
        await response(scope, receive, send)

    assert dict(TestClient(FirstScript(page)).get("/").cookies) == {"one": "1", "two": "2"}
