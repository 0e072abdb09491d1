"""Answers as different servers cut them: the text comes out whole, with what is known of each token."""

import json
import math

import pytest

from engines.messages import EngineError
from engines.text_generation.servers.reading import Answering, Whole, reason_of
from tests.text_server import said, told, written


def read(*chunks, end: bool = True) -> tuple[str, list, Answering]:
    """The text, the tokens, and the rest of what an answer told."""
    answering, tokens = Answering(), []
    for chunk in chunks:
        line = chunk if isinstance(chunk, bytes) else b"data: " + json.dumps(chunk).encode() + b"\n"
        tokens += answering.take(line)
    if end:
        tokens += answering.take(b"")
    tokens += answering.end()
    return "".join(token.text for token in tokens), tokens, answering


def test_a_chat_with_probabilities():
    logs = [told("He", -0.1, ("He", -0.1), ("So", -2.5)), told("llo", -3.0, ("y", -0.5), ("ck", -2.0))]
    usage = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
    chunks = [said("He", None, {"content": logs[:1]}), said("llo", "length", {"content": logs[1:]}), usage]
    text, (first, second), answering = read(said("", None), b": ping\n", b"\n", *chunks, b"data: [DONE]\n")
    assert text == "Hello"
    assert first.probability == pytest.approx(math.exp(-0.1))
    assert [name for name, _ in first.alternatives] == ["He", "So"]
    assert (first.taken, second.taken) == (0, None)
    assert (answering.finish, answering.over, answering.told) == ("length", True, True)
    assert (answering.prompt_tokens, answering.new_tokens) == (7, 2)


def test_the_older_form_of_completions():
    logs = {
        "tokens": [" one", "bytes:\\xf0\\x9f\\x8d"],
        "token_logprobs": [None, -1.0],
        "top_logprobs": [None, {"bytes:\\xf0\\x9f\\x8d": -1.0, " two": -1.5}],
    }
    text, tokens, _ = read(written(" one", None, logs), written("", "stop"))
    assert text == " one"
    assert [token.shown for token in tokens] == ["⟨F0 9F 8D⟩"]  # of the first nothing was told
    assert tokens[0].alternatives[1] == (" two", pytest.approx(math.exp(-1.5)))


def test_a_server_without_probabilities():
    text, tokens, answering = read(said("Hel"), said("lo", "stop"))
    assert text == "Hello"
    assert {token.probability for token in tokens} == {None}
    assert not answering.told


@pytest.mark.parametrize("logprobs", [{"content": [{"token": "a"}]}, {"content": 3}, [1], "x", {"tokens": [1]}])
def test_probabilities_of_an_unknown_form_are_none(logprobs):
    text, tokens, answering = read(said("a", "stop", logprobs))
    assert (text, tokens[0].probability, answering.told) == ("a", None, False)


def test_half_a_character_waits_for_its_other_half():
    apple = "🍎".encode()
    logs = [told("?", -0.5, data=apple[:2]), told("?", -0.25, data=apple[2:])]
    kept_back = [said("", None, {"content": logs[:1]}), said("🍎", "stop", {"content": logs[1:]})]
    text, tokens, _ = read(*kept_back)
    assert (text, [token.text for token in tokens]) == ("🍎", ["", "🍎"])
    assert [token.shown for token in tokens] == ["⟨F0 9F⟩", "🍎"]
    cuts = apple[:1], apple[1:3], apple[3:]
    raw = [b'data: {"choices":[{"delta":{"content":"' + part + b'"}}]}\n' for part in cuts]
    assert read(*raw)[0] == "🍎"
    assert read(said("好\ud83c"), said("\udf4e!"))[0] == "好🍎!"  # cut between the halves of UTF-16
    assert read(*raw[:2])[0] == "\ufffd"  # the rest never comes
    assert read(said("a\ud83c"))[0] == "a\ufffd"


@pytest.mark.parametrize("cut", range(1, 12))
def test_bytes_cut_anywhere_come_out_whole(cut):
    data = "aé好🍎.b".encode()
    whole = Whole()
    parts = [whole.add(part.decode("utf-8", "surrogateescape")) for part in (data[:cut], data[cut:])]
    assert "".join(parts) + whole.end() == "aé好🍎.b"


def test_text_that_differs_from_its_tokens_is_kept():
    logs = {"content": [told(" Hi", -0.1), told("!", -0.2)]}
    text, tokens, _ = read(said("Hi!", "stop", logs))  # without the blank
    assert text == "Hi!"
    assert [token.shown for token in tokens] == [" Hi", "!"]


def test_an_answer_in_one_piece():
    whole = json.dumps({"choices": [{"message": {"content": "好\n"}, "finish_reason": "stop"}]}, indent=1)
    text, _, answering = read(*[line.encode() for line in whole.splitlines(keepends=True)])
    assert (text, answering.finish) == ("好\n", "stop")


def test_thinking_is_no_part_of_the_answer():
    answering = Answering()
    line = b'data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\n'
    assert answering.take(line) == []
    assert answering.thinking
    assert [token.text for token in answering.take(b"data: " + json.dumps(said("4")).encode())] == ["4"]
    assert not answering.thinking


def test_without_an_end_it_is_known_that_there_is_none():
    *_, answering = read(said("Hel"))
    assert (answering.over, answering.finish) == (True, None)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([b"<!doctype html>\n", b"<title>Welcome</title>\n"], "a web page"),
        ([b"data: <html>\n"], "a web page"),
        ([b"hello\n"], "no answer of such a server"),
        ([b"data: {\n"], "no answer of such a server"),
        ([b"data: []\n"], "no answer of such a server"),
        ([b'{"choices": []}'], "no answer of such a server"),
        ([b'data: {"choices": [{"delta": {"content": [1]}}]}\n'], "no answer of such a server"),
        ([b'data: {"choices": 5}\n'], "no answer of such a server"),
        ([b"data: " + b"[" * 10**5 + b"\n"], "no answer of such a server"),
        ([b'data: {"error": {"message": "out of <b>memory</b>", "code": 500}}\n'], "refused: out of b memory /b"),
    ],
)
def test_what_is_no_answer_gets_a_sentence(lines, says):
    with pytest.raises(EngineError, match=says):
        read(*lines)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"error": {"message": "too\n long", "type": "x"}}, "too long"),
        ({"error": "no such model"}, "no such model"),
        ({"detail": [{"loc": ["body"]}]}, '[{"loc": ["body"]}]'),
        ({"object": "error", "message": "busy"}, "busy"),
        ("plain", "plain"),
    ],
)
def test_a_refusal_is_quoted(answer, reason):
    assert reason_of(answer) == reason
