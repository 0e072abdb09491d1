"""What one can do with a trained model: let it write, write acrostics, fill gaps, and look inside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines import packing
from engines.data.cards import ASSETS
from engines.gpt_training.config import GPT, LSTM, MASKED, OF_TUNES, POEMS, RNN, GptConfig
from engines.gpt_training.measures.form import lines_of, prosody
from engines.gpt_training.text.poems import PLAN, plan_of
from engines.gpt_training.text.vocabulary import UNKNOWN, Vocabulary
from engines.messages import ConfigError, EngineError, Message
from engines.running.events import Weights

if TYPE_CHECKING:
    import torch

BUNDLED, TUNE_MODEL = ASSETS / "poem_model", ASSETS / "tune_model"
GAPS = re.compile("[␣_]")
NEAR, APART = 3, 100  # known characters that are offered for one that is not, and how far apart they may stand
ROOM = 200  # tokens that a longer text is written on
START = "⏎"  # as the token before a text is shown


class Writer:
    """A trained model, on the CPU. Not for use by two threads at once."""

    def __init__(
        self, config: GptConfig, vocabulary: Vocabulary, tensors: Mapping[str, np.ndarray], length: int
    ) -> None:
        """`length`: tokens of a piece that it learnt from. EngineError if the weights are not of this config."""
        import torch

        from engines.gpt_training.networks import build

        self.config, self.vocabulary, self.length = config, vocabulary, length
        with torch.device("meta"):  # no weights are made only to be replaced
            self.net = build(config, len(vocabulary)).eval()
        self.take(tensors)

    def take(self, tensors: Mapping[str, np.ndarray]) -> None:
        """Write with these weights from now on. EngineError if they are not of this config."""
        import torch

        try:
            loaded = {name: torch.tensor(array).float() for name, array in tensors.items()}
            self.net.load_state_dict(loaded, assign=True)
        except (RuntimeError, TypeError) as problem:
            raise EngineError("These weights are of another model than their settings say.") from problem

    @classmethod
    def of(cls, config: GptConfig, weights: Weights) -> Writer:
        """The model of a run. EngineError if it is damaged."""
        try:
            vocabulary, length = Vocabulary.of_facts(weights.facts), int(weights.facts["length"])
        except (KeyError, ValueError, TypeError, AttributeError) as problem:
            raise EngineError("What was saved of this model is damaged.") from problem
        return cls(config, vocabulary, weights.tensors, length)

    @classmethod
    def bundled(cls) -> Writer:
        """The poem model that ships with the app, which plans before it writes."""
        return cls.of(*bundled())

    @classmethod
    def bundled_tunes(cls) -> Writer:
        """The tune model that ships with the app."""
        return cls.of(*bundled(TUNE_MODEL))

    # --- writing ------------------------------------------------------------------------------------------------

    def write(
        self, starts: Sequence[str], temperature: float = 1.0, top_p: float = 1.0, seed: int = 0, room: int = 0
    ) -> list[str]:
        """Texts that begin with these starts; what is drawn is fixed by the seed on the same machine.

        A quatrain is written to its end, another text for `room` tokens, ROOM if 0. A model that plans gives its plan
        only where a start has one, such as 七平东：. ConfigError for a character that the model does not know.
        """

        from engines.gpt_training.sampling import ENDLESS, begun, texts, write

        self._must_write()
        for start in starts:
            self.check(start)
        room = room or (self.length if self.config.whole else ROOM)
        longest = max(len(self.vocabulary.encode(start)) for start in starts)
        given = begun(starts, self.vocabulary, room + 1 + (0 if self.config.whole else longest), self.config.plan)
        end = 0 if self.config.whole else ENDLESS
        with computing():
            written = texts(write(self.net, given, temperature, top_p, seed, end), self.vocabulary.tokens, end)
        if not self.config.plan:
            return written
        return [
            text if "：" in start else text.partition("：")[2] for text, start in zip(written, starts, strict=True)
        ]

    def acrostic(
        self, characters: str, form: str = "", temperature: float = 0.9, top_p: float = 1.0, seed: int = 0,
        count: int = 1,
    ) -> list[str]:  # fmt: skip
        """`count` poems whose lines begin with these four to eight characters, the best first; see acrostics.py.

        `form` is 五 or 七 for the length of a line, "" for the better of both. Of a model that writes no quatrains:
        lines, or names, that begin with these characters. ConfigError for a character that the model does not know,
        and of a model that writes tunes.
        """
        from engines.gpt_training.acrostics import LINE, Poet, write_lines

        self._must_write()
        if self.config.data in OF_TUNES:
            raise ConfigError("This model writes tunes; an acrostic is of words.")
        characters = "".join(characters.split())
        self.check(characters)
        with computing():
            if self.config.data == POEMS:
                poet = Poet(self.net, self.vocabulary, self.config.plan, temperature, top_p, seed)
                return poet.write(characters, form, count)
            if self.config.whole:  # names, each by itself
                given = tuple(characters)
                return ["\n".join(self.write(given, temperature, top_p, seed + i)) for i in range(count)]
            return write_lines(
                lambda starts, number: self.write(starts, temperature, top_p, seed + number, LINE), characters, count
            )

    def fill(self, text: str) -> str:
        """`text` with a character for each ␣ or _ in it: what a masked model finds likeliest.

        ConfigError if there is no gap, the text is too long, or the model is none that fills gaps.
        """
        import torch

        from engines.gpt_training.sampling import fill

        if self.config.model != MASKED:
            raise ConfigError("This model writes on from left to right; only a masked one fills gaps.")
        known, gap = GAPS.split(text.strip()), len(self.vocabulary)
        if len(known) < 2:
            raise ConfigError("Put ␣ or _ where a character is to be found.")
        self.check("".join(known))
        row = [0]
        for number, piece in enumerate(known):
            row += [gap] * (number > 0) + self.vocabulary.encode(piece).tolist()
        if len(row) > self.length:
            raise ConfigError("The text may have at most {most} characters.", most=self.length - 1)
        ids = torch.tensor([row + [0] * (self.length - len(row))])
        with computing():
            filled, _ = fill(self.net, ids, ids == gap, gap)
        return self.vocabulary.decode(filled[0, 1 : len(row)].tolist())

    # --- looking inside -----------------------------------------------------------------------------------------

    def planned(self, text: str) -> str:
        """The text after a plan, if the model makes them and there is none; ConfigError for an unknown character."""
        self.check(text)
        if not self.config.plan or "：" in text:
            return text
        with computing():
            return (plan_of(text, prosody()) if lines_of(text) else self._plan(text)) + text

    def tokens(self, text: str) -> list[str]:
        """The tokens that `attention` and `likely` see of a text: START, a plan if the model makes one, and its own.

        Of a longer text the last ones that there are places for.
        """
        with computing():
            ids = self._ids(text)[0].tolist()
        return [START if i == 0 else self.vocabulary.tokens[i] for i in ids]

    def attention(self, text: str, layer: int, head: int) -> np.ndarray:
        """How much each token of `tokens(text)` looks at each, float32 [T, T], rows adding up to 1."""

        if self.config.model in (LSTM, RNN):
            raise ConfigError("A recurrent network has no attention.")
        _within(Message("Layer"), layer, self.config.layers)
        _within(Message("Head"), head, self.config.heads)
        with computing():
            return self.net.attention(self._ids(text), layer)[0, head].numpy()

    def likely(self, text: str, count: int = 10) -> list[tuple[str, float]]:
        """The likeliest tokens after a text, and how likely each is, best first; the end of a document is \\n."""

        self._must_write()
        with computing():
            shares = self.net(self._ids(text))[0][0, -1].softmax(-1)
        best = shares.topk(min(count, len(shares)))
        return [
            (self.vocabulary.tokens[i], p) for p, i in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        ]

    def check(self, text: str) -> None:
        """ConfigError that says which character of a text the model does not know, and which near to it it does."""
        unknown = self.vocabulary.missing(text)
        if not unknown or UNKNOWN in self.vocabulary.characters:
            return
        if near := self.nearest(unknown[0]):
            raise ConfigError(
                "The model has never seen the character {unknown}; near to it are {known}.",
                unknown=unknown[0],
                known=" ".join(near),
            )
        raise ConfigError("The model has never seen the character {unknown}.", unknown=unknown[0])

    def nearest(self, character: str) -> list[str]:
        """Known characters that may be meant: the simplified form, the other case, then those next in Unicode.

        Chinese characters stand there by their radicals, so that those share one.
        """
        known = set(self.vocabulary.characters)
        meant = [prosody().simplified.get(character, ""), character.swapcase()]
        near = (c for c in known if c.isalnum() and abs(ord(c) - ord(character)) < APART)
        others = sorted(near, key=lambda c: (abs(ord(c) - ord(character)), c))
        return [c for c in dict.fromkeys((*meant, *others)) if c in known][:NEAR]

    def _plan(self, text: str) -> str:
        """The plan under which a text is likeliest, of one for each length and start with its likeliest rhyme."""
        import torch

        from engines.gpt_training.sampling import FREE, likelihoods, texts, write

        encode = self.vocabulary.encode
        given = [[0, *encode(length + start), FREE, *encode("：" + text)] for length in "五七" for start in "平仄"]
        ids = write(self.net, torch.tensor(given), temperature=0)
        best = int(likelihoods(self.net, ids).argmax())
        return texts(ids[best, None, : 1 + PLAN], self.vocabulary.tokens)[0]

    def _must_write(self) -> None:
        if self.config.model == MASKED:
            raise ConfigError("A masked model fills gaps; it does not write on.")

    def _ids(self, text: str) -> torch.Tensor:
        """Tokens int64 [1, T] of a text after START; before a text without a plan one, if the model makes them."""
        import torch

        text = self.planned(text)
        ids = [0, *self.vocabulary.encode(text).tolist()]
        most = self.config.context if self.config.model in (GPT, MASKED) else len(ids)
        return torch.tensor([ids[-most:]])


@contextmanager
def computing() -> Iterator[None]:
    """On one thread: what there is to compute is too small to share out."""
    import torch

    from engines.device.tuning import threads

    with threads(1), torch.inference_mode():
        yield


def _within(field: Message, value: int, count: int) -> None:
    if not 0 <= value < count:
        raise ConfigError("{field} must be from 0 to {last}.", field=field, last=count - 1)


def bundled(folder: Path = BUNDLED) -> tuple[GptConfig, Weights]:
    """The settings and the weights, float32, of a model that ships with the app."""
    path = folder / "model.safetensors"
    about, facts = packing.facts_of(path), json.loads((folder / "vocabulary.json").read_text("utf-8"))
    weights = Weights(int(about["step"]), packing.load(path), facts)
    return GptConfig.from_dict(json.loads(about["config"])), weights
