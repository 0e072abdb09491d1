"""A visitor's own text, hostile until shown otherwise: every size is checked, and what is no text is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engines.data.tables.cells import tidy
from engines.data.tables.encodings import CONTROLS, find_encoding
from engines.data.uploads import size_of
from engines.messages import ConfigError

MEGABYTES = 20
LEAST = 200  # characters
KINDS = (".txt", ".md")


def read_own(paths: Sequence[str]) -> str:
    """The text of one .txt or .md file in any usual encoding, with line ends as \\n and without control characters.

    ConfigError if there is not one such file, it is too large or no text, or there is too little in it.
    """
    if not paths:
        raise ConfigError("Choose your own text first: one .txt or .md file.")
    if len(paths) > 1:
        raise ConfigError("Choose one text file; there are {count}.", count=len(paths))
    path = Path(paths[0])
    name = tidy(path.name) or "?"
    if path.suffix.lower() not in KINDS:
        raise ConfigError("{file} is not a .txt or .md file.", file=name)
    if size_of(path) > MEGABYTES * 10**6:
        raise ConfigError("{file} is too large; at most {most} MB.", file=name, most=MEGABYTES)
    encoding = find_encoding(path)
    if encoding is None:
        raise ConfigError("{file} holds no text that can be read; save it as UTF-8.", file=name)
    text = encoding.decode(path.read_bytes())
    text = CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")).strip()
    if len(text) < LEAST:
        raise ConfigError(
            "{file} has {count} characters; at least {least} are needed.", file=name, count=len(text), least=LEAST
        )
    if len(set(text) - {"\n", " ", "\t"}) < 2:
        raise ConfigError("{file} holds one character again and again; there is nothing to learn.", file=name)
    return text
