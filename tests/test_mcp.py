"""Agents: a real MCP client asks the app for its tools and uses them."""

import ast
import asyncio

import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.fakes import wait_until
from tests.served import served


@pytest.fixture(scope="module")
def site():
    """(address of the MCP server, the app)."""
    with served() as (url, demo):
        yield f"{url}gradio_api/mcp/", demo


def with_client(url, use):
    """What `use(session)` returns."""

    async def work():
        async with streamable_http_client(url) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return await use(session)

    return asyncio.run(work())


def call(url, tool, **arguments):
    return with_client(url, lambda session: session.call_tool(tool, arguments))


def test_every_endpoint_is_a_tool_that_says_what_it_takes(site):
    url, demo = site
    tools = with_client(url, lambda session: session.list_tools()).tools
    endpoints = demo.get_api_info()["named_endpoints"]
    assert {f"/{tool.name}" for tool in tools} == set(endpoints)
    for tool in tools:
        assert len(tool.description) > 20, tool.name
        for name, schema in tool.inputSchema["properties"].items():
            assert {"type", "anyOf", "oneOf", "$ref"} & set(schema), (tool.name, name)


@pytest.mark.slow
def test_an_agent_trains_a_gan_and_sees_its_pictures(site):
    url, _ = site
    settings = {"dataset": "mnist", "architecture": "mlp", "features": 8, "batch": 16, "steps": 20}
    started = call(url, "gan_start", settings=settings, owner="")
    assert not started.isError, started
    run = ast.literal_eval(started.content[0].text)["run"]
    wait_until(lambda: "finished" in call(url, "gan_status", run=run).content[0].text, seconds=60)
    samples = call(url, "gan_samples", run=run, seed=1)
    assert samples.content[0].type == "image"


def test_an_agent_makes_a_picture(site):
    made = call(site[0], "image_generate", settings={"prompt": "red apple", "seed": 3, "batch": 1, "steps": 2})
    assert not made.isError, made
    assert "red-apple-3.png" in made.content[0].text


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("gan_start", {"settings": {"lr_g": "fast"}}, "Learning rate of G must be a number"),
        ("gan_samples", {"run": "../../etc/passwd"}, "There is no such run here any more."),
        ("image_generate", {"settings": {"prompt": ""}}, "Write a prompt first"),
        ("finetuning_predict", {"run": "x", "owner": "y", "texts": ["a"]}, "There is no such run here any more."),
    ],
)
def test_an_agents_mistake_gets_one_sentence(site, tool, arguments, says):
    answer = call(site[0], tool, **arguments)
    assert answer.isError
    assert says in answer.content[0].text
    assert "Traceback" not in answer.content[0].text
