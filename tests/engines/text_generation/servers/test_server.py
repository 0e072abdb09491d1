"""A text server as models: what it is asked, what comes back, and each way in which it can fail."""

import json
import math
import time

import pytest

from engines.messages import ConfigError, EngineError
from engines.running.events import Answer, Note, Token
from engines.text_generation.config import SERVED, TextConfig
from engines.text_generation.engine import chat, continue_text, cut_oldest, perplexity
from engines.text_generation.models import Models
from engines.text_generation.servers import connection, server
from engines.text_generation.servers.server import TextServer
from tests.text_server import NAME, listing, said, text_server, told, written

HELLO = [{"role": "user", "content": "Hello"}]
CONFIG = TextConfig(model=SERVED + NAME, seed=3, temperature=0.5, max_new_tokens=20)


def hello(handler, _):
    logs = {"content": [told("Hi", -0.1, ("Hi", -0.1), ("Yo", -2.0))]}
    usage = {"usage": {"prompt_tokens": 4, "completion_tokens": 2}}
    handler.stream([said("Hi", None, logs), said("!", "stop"), usage])


def models_of(fake, key: str = "") -> Models:
    return Models(server=TextServer(fake.url, key))


def test_a_chat_is_streamed_with_its_probabilities():
    with text_server(hello) as fake:
        turns = chat(models_of(fake, "secret"), CONFIG, HELLO, "Be kind")
        events = [event for event in turns if not isinstance(event, Note)]
    *tokens, answer = events
    assert [type(token) for token in tokens] == [Token, Token]
    assert (answer.text, answer.ended, answer.seed) == ("Hi!", "end", 3)
    assert (answer.prompt_tokens, answer.new_tokens, answer.note) == (4, 2, None)
    assert tokens[0].alternatives[1][0] == "Yo"
    [(path, body, headers)] = [asked for asked in fake.asked if asked[1]]
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body["messages"] == [{"role": "system", "content": "Be kind"}, *HELLO]
    assert body["model"] == NAME
    assert (body["temperature"], body["max_tokens"], body["seed"], body["stream"]) == (0.5, 20, 3, True)


def test_a_text_is_written_on_and_greedily_without_chance():
    with text_server(lambda handler, _: handler.stream([written(" two", "length")])) as fake:
        config = TextConfig(model=SERVED + NAME, greedy=True, top_k=5, repetition_penalty=1.0)
        *_, answer = continue_text(models_of(fake), config, "one,")
        [body] = fake.posts()
    assert (answer.text, answer.ended) == (" two", "length")
    assert answer.note == server.SILENT
    assert (body["prompt"], body["temperature"], body["top_k"]) == ("one,", 0.0, 5)
    assert "repetition_penalty" not in body


def test_an_answer_is_begun():
    with text_server(hello) as fake:
        list(chat(models_of(fake), CONFIG, HELLO, begun="Well,"))
        [body] = fake.posts()
    assert body["messages"][-1] == {"role": "assistant", "content": "Well,"}


def test_a_server_that_takes_little_is_asked_for_little():
    def picky(handler, body):
        if "seed" in body:
            handler.reply(422, b'{"detail": "Unexpected keys: seed"}')
        else:
            hello(handler, body)

    with text_server(picky) as fake:
        models = models_of(fake)
        for _ in range(2):
            *_, answer = chat(models, CONFIG, HELLO)
            assert (answer.text, answer.note) == ("Hi!", server.PLAIN)
        assert ["seed" in body for body in fake.posts()] == [True, False, False]  # it is remembered


def test_a_stop_closes_the_connection_and_keeps_the_text():
    left = []

    def slow(handler, _):
        handler.stream(done=False)
        try:
            while True:
                handler.send(said("la "))
                time.sleep(0.005)
        except OSError:
            left.append(True)

    with text_server(slow) as fake:
        events, seen = chat(models_of(fake), CONFIG, HELLO), 0
        event = next(events)
        while not isinstance(event, Answer):
            seen += isinstance(event, Token)
            event = events.send(seen >= 3)
        assert (event.ended, event.text[:9]) == ("stopped", "la la la ")
        until = time.monotonic() + 5
        while not left and time.monotonic() < until:
            time.sleep(0.01)
        assert left


def test_a_stop_before_the_first_word_is_heard(monkeypatch):
    monkeypatch.setattr(connection, "BEAT", 0.01)
    with text_server(lambda handler, _: time.sleep(1)) as fake:
        events = chat(models_of(fake), CONFIG, HELLO)
        assert next(events).message == "Waiting for the text server"
        assert events.send(True).ended == "stopped"
        assert list(events) == []


def cut(handler, _):
    handler.stream([said("Once upon a ")], done=False)


def html(handler, _):
    handler.reply(200, b"<html><body>Welcome</body></html>", "text/html")


def hangs(handler, _):
    handler.stream([said("Once upon a ")], done=False)
    time.sleep(0.5)


def refuses(status, body=b"", **headers):
    return lambda handler, _: handler.reply(status, body, **headers)


@pytest.mark.parametrize(
    ("answer", "says", "kept"),
    [
        (cut, "broke off in the middle", "Once upon a "),
        (hangs, "sent nothing for 0 s", "Once upon a "),
        (html, "answered with a web page", ""),
        (refuses(404, b"<html>"), "answered with a web page", ""),
        (refuses(404), "no such API at the text server's address", ""),
        (refuses(404, b'{"error": {"message": "model not found"}}'), r"refused: model not found \(404\)", ""),
        (refuses(401, b'{"error": "who are you?"}'), "asks for a key", ""),
        (refuses(302, Location="http://127.0.0.1:9/v1"), "sends elsewhere", ""),
        (refuses(429, b'{"error": {"message": "slow down"}}'), r"refused: slow down \(429\)", ""),
        (refuses(500, b"oops"), r"refused: \(500\)", ""),
        (refuses(400, b'{"error": {"message": "maximum context length is 8"}}'), "maximum context length is 8", ""),
        (lambda handler, _: handler.stream([said("Hi"), {"error": {"message": "no memory"}}]), "no memory", "Hi"),
    ],
)
def test_each_failure_is_one_sentence_and_what_was_written_stays(monkeypatch, answer, says, kept):
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(connection, "BEAT", 0.02)
    texts = []
    with text_server(answer) as fake, pytest.raises(EngineError, match=says):
        keep_texts(chat(models_of(fake), CONFIG, HELLO), texts)
    assert "".join(texts) == kept


def keep_texts(events, texts):
    for event in events:
        if isinstance(event, Token):
            texts.append(event.text)


def test_a_server_that_only_chats_does_not_write_on():
    refusal = refuses(404, b'{"detail": "Not Found"}')
    with text_server(refusal) as fake, pytest.raises(EngineError, match="can only chat"):
        list(continue_text(models_of(fake), CONFIG, "one"))


def test_its_models_are_asked_for_now_and_then(monkeypatch):
    with text_server(hello, listing("b", "a", "a", "x" * 500, "")) as fake:
        text = TextServer(fake.url)
        assert text.names() == text.names() == ("b", "a")
        assert len(fake.asked) == 1
        assert (text.card("server:a").title, text.card("server:a").kind) == ("a", "chat")
        with pytest.raises(ConfigError, match="no model called 'c'; there are b, a"):
            text.card("server:c")
        monkeypatch.setattr(server, "LISTED_SECONDS", -1.0)
        text.names()
        assert len(fake.asked) == 2


@pytest.mark.parametrize(
    ("lists", "says"),
    [
        (html, "answered with a web page"),
        (refuses(200, b'{"models": []}'), "no such API"),
        (listing(), "has no model"),
        (refuses(401), "asks for a key"),
        (lambda handler, _: time.sleep(0.6), "does not say in time|sent nothing for 0 s"),
    ],
)
def test_a_server_that_does_not_tell_its_models(monkeypatch, lists, says):
    monkeypatch.setattr(server, "LIST_SECONDS", 0.3)
    with text_server(hello, lists) as fake:
        text = TextServer(fake.url)
        for _ in range(2):  # also from memory
            with pytest.raises(EngineError, match=says):
                text.names()
        assert len(fake.asked) == 1


def echoed(tokens, logs, tops=None):
    """An answer that repeats a text with the probabilities of its tokens, and goes on with one more."""
    columns = {"tokens": tokens, "token_logprobs": logs, "top_logprobs": tops or [None] * len(tokens)}
    answer = {"choices": [{"text": "".join(tokens), "logprobs": columns, "finish_reason": "length"}]}
    return lambda handler, _: handler.reply(200, json.dumps(answer).encode())


@pytest.mark.parametrize("beginning", [[], ["<s>"]], ids=["", "after a mark of the beginning"])
def test_perplexity_is_what_the_server_tells_of_the_text_itself(beginning):
    logs = [None, -1.0, -3.0, -0.5] if not beginning else [None, -2.0, -1.0, -3.0, -0.5]
    answer = echoed([*beginning, "a", " b", " c", " d"], logs, [None, *[{" b": -1.0, " x": -2.0}] * (len(logs) - 1)])
    with text_server(answer) as fake:
        *_, result = perplexity(models_of(fake), CONFIG, "a b c")
        [body] = fake.posts()
    assert (body["prompt"], body["echo"], body["stream"]) == ("a b c", True, False)
    told = [-2.0, -1.0, -3.0] if beginning else [-1.0, -3.0]
    assert result.value == pytest.approx(math.exp(-sum(told) / len(told)))
    assert [token.text for token in result.tokens] == ["a", " b", " c"]
    assert result.tokens[1].probability == pytest.approx(math.exp(-1))
    assert [name for name, _ in result.tokens[1].alternatives] == [" b", " x"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (echoed([" d"], [-1.0]), "does not tell how likely a text is"),
        (echoed(["a", " b", " c"], [None, None, -1.0]), "does not tell how likely a text is"),
        (lambda handler, _: handler.reply(200, b'{"choices": [{"text": "a b c d"}]}'), "does not tell how likely"),
        (lambda handler, _: handler.reply(400, b'{"error": "echo is not supported"}'), "does not tell how likely"),
        (lambda handler, _: handler.reply(404, b""), "can only chat"),
        (lambda handler, _: handler.reply(200, b"<html>Hello"), "web page"),
        (lambda handler, _: handler.reply(200, b'{"choices": []}'), "no answer of such a server"),
        (lambda handler, _: handler.reply(200, b'{"choices": [{"logprobs": 7}]}'), "does not tell how likely"),
    ],
)
def test_a_server_that_cannot_tell_how_likely_a_text_is_gets_a_sentence(answer, says):
    with text_server(answer) as fake, pytest.raises(EngineError, match=says):
        list(perplexity(models_of(fake), CONFIG, "a b c"))


def test_a_text_of_one_token_has_no_perplexity():
    with text_server(echoed(["a", " b"], [None, -1.0])) as fake, pytest.raises(ConfigError, match="too short"):
        list(perplexity(models_of(fake), CONFIG, "a"))


def test_only_the_server_knows_what_fits():
    with text_server(hello) as fake:
        assert cut_oldest(models_of(fake), CONFIG, HELLO) == HELLO


def test_without_a_server_there_is_no_such_model():
    with pytest.raises(ConfigError, match="There is no model called 'server:tiny'"):
        list(chat(Models(), CONFIG, HELLO))


def test_the_key_is_never_shown():
    text = TextServer("http://localhost:1", "secret-key")
    assert "secret-key" not in json.dumps(repr(text._address)) + repr(text)
