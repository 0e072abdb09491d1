"""Acrostics (藏头诗): poems whose lines begin with given characters.

The characters are put at their places, and the model draws what stands between, from left to right: it does not see
the next ones before it comes to them. So several are drawn at once, and the best is taken: with its form, its rhyme
and its tones, and of equals the one that the model finds likeliest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from engines.gpt_training.measures.form import lines_of, prosody
from engines.gpt_training.measures.scores import score
from engines.gpt_training.sampling import FREE, likelihoods, texts, write
from engines.gpt_training.text.poems import MARKS, PLAN, without_plan
from engines.gpt_training.text.vocabulary import END, UNKNOWN, Vocabulary
from engines.messages import ConfigError

FEWEST, MOST = 4, 8  # characters
DRAWN = 24  # poems of each length to choose from
LENGTHS = {"五": 5, "七": 7}
LINE = 60  # tokens of a line of another text


@dataclass(frozen=True)
class Poet:
    """A network that writes quatrains, and how to draw."""

    net: nn.Module
    vocabulary: Vocabulary
    plan: bool  # whether it plans first
    temperature: float
    top_p: float
    seed: int

    def write(self, characters: str, form: str, count: int) -> list[str]:
        """`count` poems of a line for each of four to eight characters, on one rhyme if that is found, the best first.

        Beyond four characters a second quatrain is written and cut. `form` is 五, 七 or "" for either.
        """
        if not FEWEST <= len(characters) <= MOST:
            raise ConfigError(
                "An acrostic needs {fewest} to {most} characters; there are {count}.",
                fewest=FEWEST,
                most=MOST,
                count=len(characters),
            )
        if form not in ("", *LENGTHS):
            raise ConfigError("Form must be 五, 七 or nothing.")
        drawn = [one for name in ([form] if form else LENGTHS) for one in self._draw(characters[:FEWEST], name)]
        found = [text for text, _ in _ranked(drawn)[:count]]
        if len(characters) == FEWEST:
            return [without_plan(text) for text in found]
        return [self._longer(text, characters[FEWEST:], number) for number, text in enumerate(found, 1)]

    def _longer(self, text: str, characters: str, number: int) -> str:
        """A quatrain, with or without a plan, and as many lines more."""
        poem, plan = without_plan(text), text[:PLAN] if self.plan else ""
        form = next(name for name, length in LENGTHS.items() if length == len(lines_of(poem)[0]))
        best, _ = _ranked(self._draw(characters, form, plan, number), poem)[0]
        more = without_plan(best)[: len(characters) * (LENGTHS[form] + 1)]
        return poem + more[:-1] + "。"

    def _draw(self, characters: str, form: str, plan: str = "", number: int = 0) -> list[tuple[str, float]]:
        """DRAWN quatrains with these beginnings of lines, with their plans, and the mean log-likelihood of each."""
        tokens, row = self.vocabulary.tokens, [0]
        signs = {token: i for i, token in enumerate(tokens)}
        if self.plan:
            row += [signs[c] for c in plan] if plan else [signs[form], FREE, FREE, signs["："]]
        for i, mark in enumerate(MARKS):
            head = signs[characters[i]] if i < len(characters) else FREE
            row += [head, *[FREE] * (LENGTHS[form] - 1), signs[mark]]
        given = torch.tensor([[*row, 0]] * DRAWN)
        never = torch.tensor([len(token) > 1 or token in (END, UNKNOWN, "：", *MARKS) for token in tokens])
        ids = write(self.net, given, self.temperature, self.top_p, self.seed + number, never=never)
        return list(zip(texts(ids, tokens), likelihoods(self.net, ids).tolist(), strict=True))


def _ranked(drawn: Sequence[tuple[str, float]], before: str = "") -> list[tuple[str, float]]:
    """The best first; after the quatrain `before` those that go on with its rhyme."""

    def worth(one: tuple[str, float]) -> tuple[float, ...]:
        found = score([one[0]])
        lines, former = lines_of(without_plan(one[0])), lines_of(before)
        goes_on = bool(lines and former and prosody().common(lines[1][-1], former[1][-1]))
        return found.form, goes_on, found.rhyme, round(found.tones, 1), one[1]

    return sorted(drawn, key=worth, reverse=True)


def write_lines(write_on: Callable[[list[str], int], list[str]], characters: str, count: int) -> list[str]:
    """`count` texts of a line for each character; each line is written on from those before it.

    `write_on(starts, seed)` gives texts that begin with these starts and go on for LINE tokens.
    """
    if not 1 <= len(characters) <= MOST:
        raise ConfigError(
            "An acrostic needs 1 to {most} characters here; there are {count}.", most=MOST, count=len(characters)
        )
    found = [""] * count
    for number, character in enumerate(characters):
        starts = [f"{text}\n{character}" if text else character for text in found]
        pairs = zip(starts, write_on(starts, number), strict=True)
        found = [start + text[len(start) :].split("\n")[0].rstrip() for start, text in pairs]
    return found
