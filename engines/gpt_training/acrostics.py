"""Acrostics (藏头诗): poems whose lines begin with given characters.

The characters are put at their places, and the model draws what stands between, from left to right: it does not see
the next ones before it comes to them. So several are drawn at once, and the best is taken: with its form, its rhyme
and its tones, and of equals the one that the model finds likeliest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from engines.gpt_training.measures.form import lines_of, prosody
from engines.gpt_training.measures.scores import score
from engines.gpt_training.sampling import FREE, texts, write
from engines.gpt_training.text.poems import MARKS, PLAN, without_plan
from engines.messages import ConfigError

if TYPE_CHECKING:
    from engines.gpt_training.use import Writer

FEWEST, MOST = 4, 8  # characters
DRAWN = 24  # poems of each length to choose from
LENGTHS = {"五": 5, "七": 7}
LINE = 60  # tokens of a line of another text


def write_quatrains(
    writer: Writer, characters: str, form: str, temperature: float, top_p: float, seed: int, count: int
) -> list[str]:
    """Poems of a line for each of four to eight characters, on one rhyme; beyond four a second quatrain is cut."""
    if not FEWEST <= len(characters) <= MOST:
        raise ConfigError(
            "An acrostic needs {fewest} to {most} characters; there are {count}.",
            fewest=FEWEST,
            most=MOST,
            count=len(characters),
        )
    if form not in ("", *LENGTHS):
        raise ConfigError("Form must be 五, 七 or nothing.")
    forms = [form] if form else list(LENGTHS)
    drawn = [one for name in forms for one in _draw(writer, characters[:4], name, "", temperature, top_p, seed)]
    found = _ranked(drawn, "")[:count]
    poems = []
    for number, (text, _) in enumerate(found):
        poem = without_plan(text)
        if len(characters) > FEWEST:
            length, plan = ("五" if len(poem) == 24 else "七"), text[:PLAN] if writer.config.plan else ""
            more = _draw(writer, characters[4:], length, plan, temperature, top_p, seed + number + 1)
            second = without_plan(_ranked(more, poem)[0][0])
            lines = (len(characters) - FEWEST) * (LENGTHS[length] + 1)
            poem += second[:lines].removesuffix("，") + ("。" if second[:lines].endswith("，") else "")
        poems.append(poem)
    return poems


def _draw(
    writer: Writer, characters: str, form: str, plan: str, temperature: float, top_p: float, seed: int
) -> list[tuple[str, float]]:
    """DRAWN quatrains with these beginnings of lines, with their plans, and the mean log-likelihood of each."""
    length, encode = LENGTHS[form], writer.vocabulary.encode
    row = [0]
    if writer.config.plan:
        row += encode(plan).tolist() if plan else [*encode(form).tolist(), FREE, FREE, *encode("：").tolist()]
    for i, mark in enumerate(MARKS):
        head = encode(characters[i]).tolist() if i < len(characters) else [FREE]
        row += [*head, *[FREE] * (length - 1), *encode(mark).tolist()]
    given = torch.tensor([[*row, 0]] * DRAWN)
    with torch.inference_mode():
        ids = write(writer.net, given, temperature, top_p, seed)
        room = getattr(writer.net, "context", ids.shape[1])
        logits = writer.net(ids[:, :-1][:, :room])[0].float().log_softmax(-1)
        likely = logits.gather(-1, ids[:, 1 : logits.shape[1] + 1, None]).mean((1, 2)).tolist()
    return list(zip(texts(ids, writer.vocabulary.tokens), likely, strict=True))


def _ranked(drawn: Sequence[tuple[str, float]], before: str) -> list[tuple[str, float]]:
    """The best first; after the quatrain `before` those that go on with its rhyme."""

    def worth(one: tuple[str, float]) -> tuple[float, ...]:
        found = score([one[0]])
        lines, former = lines_of(without_plan(one[0])), lines_of(before)
        goes_on = bool(lines and former and prosody().common(lines[1][-1], former[1][-1]))
        return found.form, goes_on, found.rhyme, round(found.tones, 1), one[1]

    return sorted(drawn, key=worth, reverse=True)


def write_lines(writer: Writer, characters: str, temperature: float, top_p: float, seed: int, count: int) -> list[str]:
    """Texts of a line for each character; each is written on from those before it, and is cut after LINE tokens."""
    if not 1 <= len(characters) <= MOST:
        raise ConfigError(
            "An acrostic needs 1 to {most} characters; there are {count}.", most=MOST, count=len(characters)
        )
    found = [""] * count
    for number, character in enumerate(characters):
        starts = [f"{text}\n{character}" if text else character for text in found]
        written = writer.write(starts, temperature, top_p, seed + number, room=LINE)
        found = [
            start + text[len(start) :].split("\n")[0].rstrip() for start, text in zip(starts, written, strict=True)
        ]
    return found
