"""Text to tokens and back.

Control tokens come only from a chat template: what a person typed is encoded as plain text, whatever it looks like.
Each token can be shown, those that are only a part of a character as their bytes, such as ⟨F0 9F⟩.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from functools import cached_property

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream
from transformers import PreTrainedTokenizerFast

from engines.running.events import Token
from engines.text_generation.letters import shown, unfinished

BYTE = re.compile("<0x([0-9A-F]{2})>")  # a token of one byte in the manner of SentencePiece
BLANKS = " \t\r\n▁Ġ"


class Codec:
    """A model's tokenizer; may be used from any thread."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self.tokenizer = tokenizer
        added = tokenizer.added_tokens_decoder.items()
        self.control = {number: str(token) for number, token in added if str(token).strip(BLANKS)}

    def encode(self, text: str) -> list[int]:
        """Token ids of a plain text, with what the model wants at the beginning of every text."""
        if self._imitates(text):
            return self._plain.encode(text).ids
        return self.tokenizer.encode(text)

    def knows(self, character: str) -> bool:
        """Whether a tokenizer of whole characters has one for this, or a token for all that it does not know."""
        number_of = self.tokenizer.backend_tokenizer.token_to_id
        return number_of(character) is not None or number_of("\ufffd") is not None

    def encode_chat(self, turns: Sequence[dict[str, str]]) -> list[int]:
        """Token ids of a chat [{"role", "content"}] that asks for an answer; whatever its template raises."""
        if not any(self._imitates(turn["content"]) for turn in turns):
            return self.tokenizer.encode(self._render(turns), add_special_tokens=False)
        marks = [f"\ue000{secrets.token_hex(8)}\ue001" for _ in turns]
        contents = {mark: turn["content"].strip() for mark, turn in zip(marks, turns, strict=True)}
        marked = [{**turn, "content": _swap(turn["content"], mark)} for mark, turn in zip(marks, turns, strict=True)]
        return self._encode_parts(self._render(marked), contents)

    def encode_more(self, text: str) -> list[int]:
        """Token ids of a plain text that stands behind others."""
        tokenizer = self._plain if self._imitates(text) else self.tokenizer.backend_tokenizer
        return tokenizer.encode(text, add_special_tokens=False).ids

    def bytes_of(self, token_id: int) -> bytes:
        """What a token stands for; nothing if there is no such token."""
        if token_id in self.control:
            return self.control[token_id].encode()
        piece = self.tokenizer.backend_tokenizer.id_to_token(token_id) or ""
        if self._letters:
            return b"".join(self._letters.get(letter, letter.encode()) for letter in piece)
        byte = BYTE.fullmatch(piece)
        return bytes.fromhex(byte[1]) if byte else piece.replace("▁", " ").encode()

    def _render(self, turns: Sequence[dict[str, str]]) -> str:
        return self.tokenizer.apply_chat_template(
            list(turns), tokenize=False, add_generation_prompt=True, enable_thinking=False
        )

    def _imitates(self, text: str) -> bool:
        """Whether a text would be read as control tokens somewhere."""
        ids = self.tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids
        return not self.control.keys().isdisjoint(ids)

    def _encode_parts(self, rendered: str, contents: dict[str, str]) -> list[int]:
        """Ids of a rendered template: its control tokens, and between them plain text with the contents put in."""
        known = {text: number for number, text in self.control.items()}
        split = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
        ids: list[int] = []
        for part in re.split(f"({split})", rendered):
            if part in known:
                ids.append(known[part])
                continue
            for mark, content in contents.items():
                part = part.replace(mark, content)
            ids += self._plain.encode(part, add_special_tokens=False).ids
        return ids

    @cached_property
    def _plain(self) -> Tokenizer:
        """The tokenizer without control tokens; those that are blanks stay, under their numbers."""
        made = json.loads(self.tokenizer.backend_tokenizer.to_str())
        pieces = made["model"]["vocab"]
        known = set(pieces) if isinstance(pieces, dict) else {piece for piece, _ in pieces}
        made["added_tokens"] = [
            {**token, "content": secrets.token_hex(16)} if token["id"] in self.control else token
            for token in made["added_tokens"]
            if token["id"] not in self.control or token["content"] not in known
        ]
        plain = Tokenizer.from_str(json.dumps(made))
        plain.no_truncation()
        plain.no_padding()
        return plain

    @cached_property
    def _letters(self) -> dict[str, bytes]:
        """The byte that each letter of a byte-level vocabulary stands for; empty for other vocabularies."""
        decoder = json.loads(self.tokenizer.backend_tokenizer.to_str()).get("decoder")
        return _byte_letters() if "ByteLevel" in json.dumps(decoder) else {}


class Speller:
    """Turns the token ids of one text into text as they come, keeping characters whole."""

    def __init__(self, codec: Codec) -> None:
        self._codec, self._backend = codec, codec.tokenizer.backend_tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)
        self._open = b""  # of a character that is not complete yet

    def spell(self, token_id: int, probability: float, alternatives: Iterable[tuple[int, float]]) -> Token:
        """The event of the text's next token; alternatives are (token id, probability)."""
        text = self._stream.step(self._backend, token_id) or ""
        others = list(alternatives)
        spelt = tuple((self._show(other), share) for other, share in others)
        taken = next((place for place, (other, _) in enumerate(others) if other == token_id), None)
        own = self._show(token_id)
        self._open = unfinished(self._open + self._codec.bytes_of(token_id))
        return Token(text, token_id, probability, spelt, own, taken)

    def _show(self, token_id: int) -> str:
        return shown(self._open, self._codec.bytes_of(token_id))


def _byte_letters() -> dict[str, bytes]:
    """GPT-2's alphabet: printable bytes stand for themselves, the others for the letters from 256 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): bytes([byte]) for byte in printable}
    return letters | {chr(256 + place): bytes([byte]) for place, byte in enumerate(others)}


def _swap(content: str, mark: str) -> str:
    """The mark in place of a content, between the blanks around it, which a template may take away."""
    inner = content.strip()
    return content.replace(inner, mark, 1) if inner else content
