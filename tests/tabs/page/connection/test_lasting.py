"""An answer is read on after a cut, ends with its page, and a request that comes twice is carried out once."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from tabs.page.connection import lasting
from tabs.page.connection.lasting import Answer, Lasting


class Program:
    """Counts what it is asked, and writes ten parts as `go` lets it."""

    def __init__(self):
        self.asked = self.ended = self.stopped = 0
        self.go = asyncio.Event()
        routes = [
            Route("/gradio_api/queue/data", self.data),
            Route("/gradio_api/queue/join", self.join, methods=["POST"]),
        ]
        self.app = Starlette(routes=routes, middleware=[Middleware(Lasting)])

    async def data(self, request):
        self.asked += 1

        async def parts():
            try:
                for i in range(10):
                    yield f"data: {i}\n\n"
                    if i == 4:
                        await self.go.wait()
                self.ended += 1
            except asyncio.CancelledError:
                self.stopped += 1
                raise

        return StreamingResponse(parts(), media_type="text/event-stream")

    async def join(self, request):
        self.asked += 1
        return JSONResponse({"event_id": self.asked, "body": (await request.body()).decode()})

    def client(self):
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://test")

    async def get(self, name, after=0, most=None):
        """(status, parts) of a read that is cut after `most` parts."""
        found = []
        gone, begun = asyncio.Event(), {}

        async def receive():
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            begun.setdefault("status", message.get("status"))
            if message.get("body", b"").startswith(b"data") and not gone.is_set():
                found.append(message["body"].decode().strip().removeprefix("data: "))
                if len(found) == most:
                    gone.set()

        headers = [(lasting.STREAM, name.encode()), (lasting.AFTER, str(after).encode())]
        scope = {"type": "http", "method": "GET", "path": "/gradio_api/queue/data", "query_string": b"session_hash=x",
                 "headers": headers, "asgi": {"version": "3.0", "spec_version": "2.3"}}  # fmt: skip
        await asyncio.wait_for(self.app(scope, receive, send), 5)
        return begun["status"], found


def run(test):
    asyncio.run(test())


def test_a_cut_answer_is_read_on_and_nothing_comes_twice():
    async def test():
        program = Program()
        assert await program.get("a", most=3) == (200, ["0", "1", "2"])
        program.go.set()
        await asyncio.sleep(0.05)
        assert program.ended == 1, "it was written to its end while nobody read"
        assert await program.get("a", after=3) == (200, ["3", "4", "5", "6", "7", "8", "9"])
        assert (await program.get("a", after=10))[0] == 410, "there is nothing more"
        assert program.asked == 1

    run(test)


def test_a_program_that_does_not_know_the_page_says_so():
    async def test():
        assert (await Program().get("a", after=3))[0] == 410

    run(test)


def test_a_page_that_leaves_ends_its_work():
    async def test():
        program = Program()
        await program.get("a", most=5)
        async with program.client() as client:
            await client.post("/gradio_api/lasting/leave?stream=a")
        await asyncio.sleep(0.05)
        assert (program.stopped, program.ended) == (1, 0)

    run(test)


@pytest.mark.slow
def test_a_page_that_stays_away_is_forgotten(monkeypatch):
    async def test():
        monkeypatch.setattr(lasting, "AWAY", 0.05)
        program = Program()
        await program.get("a", most=5)
        await asyncio.sleep(1.2)  # AWAY is compared by whole seconds
        assert (await program.get("a", after=5))[0] == 410
        assert program.stopped == 1

    run(test)


def test_a_request_that_is_repeated_is_carried_out_once():
    async def test():
        program = Program()
        async with program.client() as client:
            once = {"x-lasting-once": "k"}
            answers = await asyncio.gather(
                *(client.post("/gradio_api/queue/join", content="words", headers=once) for _ in range(3))
            )
            assert {answer.text for answer in answers} == {'{"event_id":1,"body":"words"}'}
            other = await client.post("/gradio_api/queue/join", content="words", headers={"x-lasting-once": "l"})
            assert other.json()["event_id"] == 2

    run(test)


@pytest.mark.parametrize("read", [0, 1000])
def test_what_waits_is_bounded(monkeypatch, read):
    monkeypatch.setattr(lasting, "UNREAD", 2000)
    monkeypatch.setattr(lasting, "REREAD", 1000)

    async def test():
        answer = Answer("x")
        answer.read = read
        for _ in range(100):
            answer._add(b"x" * 100)
        assert answer.size <= 2000
        assert answer.has(100) == bool(read), "what nobody fetched was given up"

    run(test)
