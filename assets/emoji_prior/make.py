"""Makes prior.safetensors: python -m assets.emoji_prior.make FOLDER; it keeps the npm packages.

It learns from the words of emoji which name they mean: npm's emojilib and, as CLDR has them, emojibase-data; alone, in
pairs and in lists. At each step it chooses among a third of the emoji, at random, so that a name whose words it was
never shown is not ruled out for that (InfoNCE, van den Oord 2018; any emoji that has the words is right, by whichever
of its names). Of the 200 emoji that test unseen wording it sees names only, as the bundled model did; --without hides
the words of 200 more, to choose settings by.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from assets.emoji_words.make import bare, load
from engines.catalog import ENCODERS
from engines.data.sentences import SentenceEncoder
from engines.image_generation.emoji.files import plain
from engines.image_generation.emoji.pictures import emoji_words, held_out
from engines.image_generation.emoji.prior import WEIGHTS, Prior
from engines.image_generation.emoji.prompts import drain
from engines.image_generation.evaluate import DESCRIBED
from engines.weights import fetch

STEPS, BATCH, RATE = 500, 256, 1e-3
AMONG = 0.3  # of the emoji that have words, at each step
NOISE = 0.5  # length of what is added to a sentence vector, whose own is 1
SHRUNK = 0.01  # times the squares of the maps' entries
SCALE = 20.0  # of similarities before the softmax, to begin with
ASKED = 6  # words of a list that tests


@dataclass(frozen=True)
class Words:
    """What emoji are called, in the order of the bundled model's training."""

    names: tuple[tuple[str, ...], ...]  # of each emoji, the first as it is drawn and told
    keywords: tuple[tuple[str, ...], ...]  # emojilib's
    tags: tuple[tuple[str, ...], ...]  # CLDR's label and tags

    def captions(self, hidden: Set[int], rng: np.random.Generator) -> Iterator[tuple[int, str]]:
        """(emoji, what may be said of it) of all but the hidden ones, the names left out."""
        for i, (names, *lists) in enumerate(zip(self.names, self.keywords, self.tags, strict=True)):
            if i in hidden:
                continue
            lists.append(tuple(dict.fromkeys(sum(lists, ()))))
            said = [*lists[-1]]
            for words in filter(None, lists):
                said.append(", ".join(words[:ASKED]))
                said += (", ".join(rng.permutation(words)[: rng.integers(2, 7)]) for _ in range(4))
                said.append(" ".join(rng.permutation(words)[:2]))
            yield from ((i, text) for text in dict.fromkeys(said) if text not in names)


@dataclass(frozen=True)
class Names:
    """All names of all emoji."""

    vectors: torch.Tensor  # [M, W]
    emoji: torch.Tensor  # int64 [M]

    def of(self, among: Sequence[int]) -> Names:
        """Those of some emoji, which are numbered as they are given."""
        numbers = torch.full((int(self.emoji.max()) + 1,), -1)
        numbers[torch.as_tensor(among)] = torch.arange(len(among))
        chosen = numbers[self.emoji] >= 0
        return Names(self.vectors[chosen], numbers[self.emoji[chosen]])

    def fits(self, prior: Prior, words: torch.Tensor) -> torch.Tensor:
        """How well words [N, W] fit each emoji by that of its names that they fit best, [N, E]."""
        each = prior(words, self.vectors)
        least = each.new_full((len(words), int(self.emoji.max()) + 1), -1.0)
        return least.scatter_reduce(1, self.emoji.expand(len(words), -1), each, "amax")


def main() -> None:
    """Parse the arguments, train, and measure on the emoji held out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", action="store_true", help="hide 200 more, measure on them, keep none")
    options = parser.parse_args()
    torch.set_num_threads(1)
    began, words = time.monotonic(), read_words(options.folder)
    tested = held_out(len(words.names))
    hidden = set(tested.tolist())
    if options.without:
        others = np.setdiff1d(np.arange(len(words.names)), tested)
        tested = np.random.default_rng(2).permutation(others)[: len(tested)]
        hidden |= set(tested.tolist())
    encoder = SentenceEncoder(drain(fetch(ENCODERS["all-MiniLM-L6-v2"])))
    flat = [(i, name) for i, names in enumerate(words.names) for name in names]
    names = Names(torch.from_numpy(encoder.encode([name for _, name in flat])), torch.tensor([i for i, _ in flat]))
    captions = list(words.captions(hidden, np.random.default_rng(0)))
    texts = list(dict.fromkeys(text for _, text in captions))
    place = {text: row for row, text in enumerate(texts)}
    vectors = torch.from_numpy(encoder.encode(texts))
    print(f"{len(texts)} wordings read in {time.monotonic() - began:.0f} s", flush=True)
    prior = train(names, vectors, [(i, place[text]) for i, text in captions])
    if not options.without:
        others = {plain(name): plain(words.names[i][0]) for i, name in reversed(flat)}
        halves = {name: tensor.half().contiguous() for name, tensor in prior.state_dict().items()}
        save_file(halves, WEIGHTS, {"names": json.dumps(others, ensure_ascii=False)})
    for way, network in (("cosine", Prior()), ("prior", prior)):
        print(way, json.dumps(scores(network, encoder, words, tested.tolist(), names)))
    print(f"{time.monotonic() - began:.0f} s")


def read_words(sources: Path) -> Words:
    """The words of all emoji of the bundled model."""
    known = list(emoji_words(sources))
    cldr = load(sources, "en")
    tags = [cldr[bare(character)] for character, _, _ in known]
    return Words(
        tuple(names for _, names, _ in known),
        tuple(keywords for _, _, keywords in known),
        tuple(tuple(dict.fromkeys([one["label"], *one["words"]])) for one in tags),
    )


def train(names: Names, vectors: torch.Tensor, pairs: Sequence[tuple[int, int]]) -> Prior:
    """The network; vectors [V, W] of wordings, pairs (emoji, wording)."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    said, having = defaultdict(list), torch.zeros(len(vectors), int(names.emoji.max()) + 1, dtype=torch.bool)
    for emoji, text in pairs:
        said[emoji].append(text)
        having[text, emoji] = True
    prior, scale = Prior(vectors.shape[1]).train(), torch.nn.Parameter(torch.tensor(SCALE).log())
    prior.words.mean.copy_(vectors.mean(0))
    prior.names.mean.copy_(names.vectors.mean(0))
    optimizer = torch.optim.AdamW([*prior.parameters(), scale], RATE, weight_decay=0.0, betas=(0.9, 0.99))
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 30, (STEPS - step) / (0.4 * STEPS))
        among = rng.permutation(list(said))[: int(AMONG * len(said))]
        chosen = [said[i][rng.integers(len(said[i]))] for i in rng.choice(among, BATCH)]
        noise = torch.randn(BATCH, vectors.shape[1]) * NOISE / vectors.shape[1] ** 0.5
        fits = scale.exp() * names.of(among).fits(prior, F.normalize(vectors[chosen] + noise, dim=-1))
        right = fits.masked_fill(~having[chosen][:, among], -torch.inf)
        maps = [tower.up.weight @ tower.down.weight for tower in (prior.words, prior.names)]
        loss = (fits.logsumexp(1) - right.logsumexp(1)).mean() + SHRUNK * sum(one.square().sum() for one in maps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 99:
            print(f"step {step + 1}  loss {loss.item():.3f}", flush=True)
    return prior.eval().requires_grad_(False)


def scores(
    prior: Prior, encoder: SentenceEncoder, words: Words, emoji: Sequence[int], names: Names
) -> dict[str, list[float]]:
    """Shares found, top 1 and top 5: of `emoji` by words that were not learnt of them, and of descriptions.json."""
    first = [names[0] for names in words.names]
    asked = {}
    for kind, lists in (("keywords", words.keywords), ("tags", words.tags)):
        others = {i: [word for word in lists[i] if word not in words.names[i]] for i in emoji}
        asked[kind] = [(", ".join(some[:ASKED]), [first[i]]) for i, some in others.items() if some]
    asked["descriptions"] = list(json.loads(DESCRIBED.read_text("utf-8")).items())
    found = {}
    for kind, cases in asked.items():
        vectors = torch.from_numpy(encoder.encode([text for text, _ in cases]))
        best = names.fits(prior, vectors).topk(5).indices.tolist()
        right = [[first[i] in meant for i in row] for row, (_, meant) in zip(best, cases, strict=True)]
        found[kind] = [round(float(np.mean([any(row[:n]) for row in right])), 3) for n in (1, 5)]
    return found


if __name__ == "__main__":
    main()
