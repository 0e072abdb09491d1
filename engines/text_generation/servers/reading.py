"""What a text server answers, line by line, as Tokens: the stream of OpenAI's protocol as different servers speak it.

A server may cut its text anywhere, send probabilities in one of two forms or not at all, answer in one piece although
a stream was asked for, or say something else entirely.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from typing import Any

from engines.messages import ConfigError, EngineError
from engines.running.events import Perplexity, Token
from engines.text_generation.letters import shown, unfinished

ALTERNATIVES = 5
NO_ID = -1  # a server does not tell the tokens' numbers
ESCAPED = re.compile(r"bytes:((?:\\x[0-9a-fA-F]{2})+)")  # vLLM's name for a token that is no text
HALF = re.compile("[\ud800-\udbff]$")  # the first half of a character beyond U+FFFF
MOST_REST = 2**20  # bytes of an answer that is no stream


LEAST = 1e-300  # a probability below counts as this
Entry = tuple[bytes, float | None, list[tuple[bytes, float | None]]]  # a token, its probability, and the likeliest


@dataclass(frozen=True)
class Likely:
    """A token with its probability, and the likeliest in its place, best first."""

    data: bytes
    probability: float
    best: tuple[tuple[bytes, float], ...]


class Answering:
    """Takes in an answer's lines. Any of the fields may be None or 0 where the server does not tell."""

    def __init__(self) -> None:
        self.finish: str | None = None  # why it ended: "stop", "length", …
        self.over = False  # nothing more will come
        self.thinking = False  # what comes is not the answer yet
        self.told = False  # a probability was
        self.prompt_tokens = self.new_tokens = 0
        self._rest = b""
        self._whole = Whole()
        self._spelling = Spelling()

    def take(self, line: bytes) -> list[Token]:
        """The tokens that a line brings; b"" ends the answer. EngineError if it is an error, or nothing known."""
        name, _, data = line.strip().partition(b":")
        if name == b"data":
            if data.strip() == b"[DONE]":
                self.over, self.finish = True, self.finish or "stop"
                return []
            return self._chunk(_parsed(data))
        if line:
            if name not in (b"", b"event", b"id", b"retry") and len(self._rest) < MOST_REST:
                self._rest += line
            return []
        self.over = True
        return self._in_one_piece() if self._rest.strip() and not self.finish else []

    def end(self) -> list[Token]:
        """The token that has what was left of a character."""
        text = self._whole.end()
        return [Token(text, NO_ID, None, (), text)] if text else []

    def _in_one_piece(self) -> list[Token]:
        """The whole answer, of a server that does not stream."""
        whole = _parsed(self._rest)
        tokens = self._chunk(whole)
        if not whole.get("choices"):
            raise strange()
        self.finish = self.finish or "stop"
        return tokens

    def _chunk(self, chunk: Any) -> list[Token]:
        try:
            if chunk.get("error"):
                raise refused(reason_of(chunk))
            usage = chunk.get("usage") or {}
            self.prompt_tokens = int(usage.get("prompt_tokens") or self.prompt_tokens)
            self.new_tokens = int(usage.get("completion_tokens") or self.new_tokens)
            choices = chunk.get("choices") or []
            return self._choice(choices[0]) if choices else []
        except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError) as problem:
            raise strange() from problem

    def _choice(self, choice: Mapping[str, Any]) -> list[Token]:
        said = choice.get("delta") or choice.get("message") or {}
        content = choice["text"] if "text" in choice else said.get("content")
        self.thinking = not content and bool(said.get("reasoning_content") or said.get("reasoning"))
        self.finish = choice.get("finish_reason") or self.finish
        text, likely = self._whole.add(content or ""), _likely(choice.get("logprobs"))
        if self.thinking or not (text or likely):
            return []
        if not likely:
            return [Token(text, NO_ID, None, (), text)]
        self.told = True
        return self._spelling.tokens(text, likely)


class Whole:
    """Text that is cut anywhere, made whole: half a character waits for its other half."""

    def __init__(self) -> None:
        self._half = ""
        self._decoder: Any = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, text: str) -> str:
        """What is whole now. `text` may have bytes that are no text, as surrogateescape has them, and lone halves."""
        text, self._half = self._half + text, ""
        if half := HALF.search(text):
            self._half, text = half[0], text[: half.start()]
        joined = re.sub("[\ud800-\udbff][\udc00-\udfff]", lambda two: _joined(two[0]), text)
        joined = re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", joined)
        return self._decoder.decode(joined.encode("utf-8", "surrogateescape"))

    def end(self) -> str:
        """A mark for what stays half."""
        left = self._decoder.decode(b"", final=True) + ("\ufffd" if self._half else "")
        self._half = ""
        return left


class Spelling:
    """Which part of the text each token brought."""

    def __init__(self) -> None:
        self._open = b""  # of a character that is not complete yet

    def tokens(self, text: str, likely: Sequence[Likely]) -> list[Token]:
        """An event for each token; their texts together are `text`."""
        parts, events = [], []
        decoder: Any = codecs.getincrementaldecoder("utf-8")("replace")
        decoder.decode(self._open)
        for one in likely:
            parts.append(decoder.decode(one.data))
            best = [(shown(self._open, data), share) for data, share in one.best]
            taken = next((place for place, (data, _) in enumerate(one.best) if data == one.data), None)
            events.append((one.probability, tuple(best), shown(self._open, one.data), taken))
            self._open = unfinished(self._open + one.data)
        if "".join(parts) != text:  # the server holds some text back, or changed it
            parts = ["" for _ in parts[:-1]] + [text]
        return [
            Token(part, NO_ID, share, best, own, taken)
            for part, (share, best, own, taken) in zip(parts, events, strict=True)
        ]


def measured(body: bytes, text: str) -> Perplexity:
    """How likely a text is, from the answer of a server that was asked to repeat it (/completions with echo).

    ConfigError if it is of one token. EngineError where the answer does not tell it of the text itself, as of servers
    that do not know `echo`.
    """
    if body.lstrip().startswith(b"data:"):  # it streams whatever is asked
        raise untold()
    answer = _parsed(body)
    try:
        entries = _told(answer["choices"][0].get("logprobs"))
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, OverflowError) as problem:
        raise (untold() if isinstance(answer, dict) and answer.get("choices") else strange()) from problem
    own = _of_text(entries, text.encode("utf-8", "replace"))
    likely = [Likely(data, 1.0 if share is None else share, _best(tops)) for data, share, tops in own]
    shares = [max(share, LEAST) for _, share, _ in own if share is not None]
    if len(own) == 1 or (own and not shares):
        raise ConfigError("The text is too short: a perplexity needs at least two tokens.")
    if len(shares) < len(own) - 1 or not own:
        raise untold()
    mean = sum(map(math.log, shares)) / len(shares)
    return Perplexity(math.exp(-mean), tuple(Spelling().tokens(text, likely)))


def _of_text(entries: Sequence[Entry], text: bytes) -> list[Entry]:
    """The tokens that make up a text, of an answer that repeats it and goes on; none if it does not repeat it.

    Before them there may be one that stands for the beginning.
    """
    for found in (entries, entries[1:]):
        ends = list(accumulate(len(data) for data, *_ in found))
        own = found[: bisect_left(ends, len(text)) + 1]
        if b"".join(data for data, *_ in own) == text:
            return list(own)
    return []


def _joined(halves: str) -> str:
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _parsed(data: bytes) -> Any:
    """A chunk of JSON; EngineError if it is none."""
    try:
        return json.loads(data.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as problem:
        raise (web_page() if data.lstrip().startswith(b"<") else strange()) from problem


def _likely(logprobs: Any) -> list[Likely]:
    """The tokens of a chunk: OpenAI's form of chats, or the older one of completions; none where it has neither."""
    try:
        return [Likely(data, share, _best(tops)) for data, share, tops in _told(logprobs) if share is not None]
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError):  # of yet another form
        return []


def _told(logprobs: Any) -> list[Entry]:
    """Each token, its probability, and those of the likeliest in its place."""
    if not logprobs:
        return []
    if "content" in logprobs:
        found = [(_data(entry), _exp(entry["logprob"]), entry.get("top_logprobs")) for entry in logprobs["content"]]
        return [
            (data, share, [(_data(one), _exp(one["logprob"])) for one in tops or ()]) for data, share, tops in found
        ]
    columns = [logprobs.get(name) or () for name in ("tokens", "token_logprobs", "top_logprobs")]
    return [
        (_bytes(token), _exp(log), [(_bytes(text), _exp(other)) for text, other in (tops or {}).items()])
        for token, log, tops in list(zip_longest(*columns))[: len(columns[0])]
    ]


def _best(pairs: Sequence[tuple[bytes, float | None]]) -> tuple[tuple[bytes, float], ...]:
    known = [(data, share) for data, share in pairs if share is not None]
    return tuple(sorted(known, key=lambda pair: -pair[1])[:ALTERNATIVES])


def _data(entry: Mapping[str, Any]) -> bytes:
    data = entry.get("bytes")
    return bytes(data) if data else _bytes(entry["token"])


def _bytes(token: str) -> bytes:
    if escaped := ESCAPED.fullmatch(token):
        return bytes.fromhex(escaped[1].replace("\\x", ""))
    return re.sub("[\ud800-\udc7f\udd00-\udfff]", "\ufffd", token).encode("utf-8", "surrogateescape")


def _exp(log: Any) -> float | None:
    """A probability from its logarithm; None if it is none."""
    number = isinstance(log, (int, float)) and not isinstance(log, bool) and not math.isnan(log)
    return math.exp(min(0.0, log)) if number else None


# --- what can go wrong -----------------------------------------------------------------------------------------------


def reason_of(answer: Any) -> str:
    """What a server says of an error in any of the usual forms, as one line without tags."""
    found = answer
    for name in ("error", "message", "detail"):
        if isinstance(found, Mapping) and found.get(name):
            found = found[name]
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return " ".join(re.sub("[<>\ud800-\udfff]", " ", text).split())[:300]


def refused(reason: str) -> EngineError:
    """The server gives no answer."""
    return EngineError("The text server refused: {reason}", reason=reason)


def untold() -> EngineError:
    """The server does not tell how likely a given text is."""
    return EngineError("This text server does not tell how likely a text is; choose a model that computes here.")


def strange() -> EngineError:
    """The server answers something that is no answer."""
    return EngineError("The text server sent something that is no answer of such a server.")


def web_page() -> EngineError:
    """The server answers with HTML."""
    return EngineError(
        "The text server answered with a web page. Its address must end where its API begins, often in /v1."
    )
