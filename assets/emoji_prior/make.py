"""Makes the two priors and the table of keywords in this folder: python -m assets.emoji_prior.make FOLDER

FOLDER keeps the npm packages. The priors learn from the words of emoji which one they mean: npm's emojilib and, as
CLDR has them, emojibase-data; alone, in pairs and in lists. At each step one chooses among a third of the emoji, at
random, so that an emoji whose words it was never shown is not ruled out for that (InfoNCE, van den Oord 2018; any that
has the words is right). Of the 200 emoji that test unseen wording it sees names only; --without hides the words of 200
more, to choose settings by, --fold other ones.
"""

from __future__ import annotations

import argparse
import json
import lzma
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from assets.emoji_words.make import bare, load
from engines.catalog import ENCODERS, READER
from engines.clip_training.convert import CONVERT, QUERY
from engines.data.sentences import SentenceEncoder
from engines.image_generation.emoji.files import plain
from engines.image_generation.emoji.pictures import emoji_words, held_out
from engines.image_generation.emoji.prior import (
    BONUS,
    COMMAS,
    ENGLISH,
    KEYWORDS,
    OTHER_LANGUAGES,
    Tower,
    save_prior,
)
from engines.image_generation.emoji.prompts import drain
from engines.image_generation.evaluate import DESCRIBED, IN_CHINESE
from engines.weights import fetch

STEPS, BATCH, RATE = 500, 256, 1e-3
AMONG = 0.3  # of the emoji that have words, at each step
NOISE = 0.5  # length of what is added to a sentence vector, whose own is 1
SHRUNK = 0.005  # times the squares of the maps' entries
SCALE = 20.0  # of similarities before the softmax, to begin with
ASKED = 6  # words of a list that tests
HUB, NEAREST, EVERY = 0.3, 20, 10  # share of an emoji's nearness to others' words that is taken off; to how many; of
UNSEEN = ("ja", "ko", "ru", "es", "fr", "de")
Encode = Callable[[Sequence[str]], torch.Tensor]  # unit vectors [N, W] of texts


@dataclass(frozen=True)
class Words:
    """What emoji are called, in the order of the bundled model's training."""

    names: tuple[tuple[str, ...], ...]  # of each emoji, the first as it is drawn and told
    keywords: tuple[tuple[str, ...], ...]  # emojilib's; in Chinese CLDR's
    tags: tuple[tuple[str, ...], ...]  # CLDR's label and tags; of Chinese keywords, in traditional letters
    comma: str = ", "

    @property
    def first(self) -> list[str]:
        """What each is drawn and told as."""
        return [plain(names[0]) for names in self.names]

    def captions(self, hidden: Set[int], rng: np.random.Generator) -> Iterator[tuple[int, str]]:
        """(emoji, what may be said of it) of all but the hidden ones, the names left out."""
        for i, (names, *lists) in enumerate(zip(self.names, self.keywords, self.tags, strict=True)):
            if i in hidden:
                continue
            lists.append(tuple(dict.fromkeys(sum(lists, ()))))
            said = [*lists[-1]]
            for words in filter(None, lists):
                said.append(self.comma.join(words[:ASKED]))
                said += (self.comma.join(rng.permutation(words)[: rng.integers(2, 7)]) for _ in range(4))
                said.append(" ".join(rng.permutation(words)[:2]))
            yield from ((i, text) for text in dict.fromkeys(said) if text not in names)


class Towers(torch.nn.Module):
    """How well words fit emoji, -1 to 1; a tower for each, since words are said otherwise than names."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.words, self.names = Tower(width), Tower(width)

    def forward(self, words: torch.Tensor, names: torch.Tensor) -> torch.Tensor:
        """Sentence vectors [N, W] and [M, W] to [N, M]."""
        return self.words(words) @ self.names(names).T


def main() -> None:
    """Parse the arguments, train, and measure on the emoji held out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", action="store_true", help="hide 200 more, measure on them, keep none")
    parser.add_argument("--fold", type=int, default=0, help="which 200 more")
    parser.add_argument("--only", choices=("en", "zh"), help="this prior alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    count = len(list(emoji_words(options.folder)))
    tested = held_out(count)
    hidden = set(tested.tolist())
    if options.without:
        others = np.setdiff1d(np.arange(count), tested)
        tested = np.random.default_rng(2 + options.fold).permutation(others)[: len(tested)]
        hidden |= set(tested.tolist())
    for language, make in (("en", english), ("zh", chinese)):
        if options.only in (None, language):
            began = time.monotonic()
            found = make(options.folder, hidden, tested.tolist(), not options.without)
            print(language, json.dumps(found), f"{time.monotonic() - began:.0f} s", flush=True)


def english(sources: Path, hidden: Set[int], tested: Sequence[int], keep: bool) -> dict[str, list[float]]:
    """Make the prior of MiniLM's vectors, and the table of keywords; its scores."""
    words, encode = read_words(sources), encoder("all-MiniLM-L6-v2")
    first = words.first
    fits = learn(words, prototypes([words.names], encode), encode, hidden, ENGLISH if keep else None, sources)
    said = {first[i]: sorted({*words.keywords[i], *words.tags[i]}) for i in range(len(first)) if i not in hidden}
    if keep:
        table = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        KEYWORDS.write_bytes(lzma.compress(table.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))

    def with_keywords(texts: Sequence[str]) -> torch.Tensor:
        lists = [{word.strip() for word in COMMAS.split(text)} for text in texts]
        sure = torch.tensor([[each <= {*said.get(name, ()), name} for name in first] for each in lists])
        return fits(texts) + BONUS * sure

    cases = asked(words, tested, hidden, DESCRIBED)
    plainly = {f"{kind}, without the table": score for kind, score in shares(fits, first, cases).items()}
    return shares(with_keywords, first, cases) | plainly


def chinese(sources: Path, hidden: Set[int], tested: Sequence[int], keep: bool) -> dict[str, list[float]]:
    """Make the prior of multilingual-e5-small's vectors; its scores, in Chinese."""
    words, translated, encode = read_chinese(sources), read_words(sources), encoder("")
    names = prototypes([translated.names, words.names], encode)
    fits = learn(words, names, encode, hidden, OTHER_LANGUAGES if keep else None, sources)
    cases = asked(words, tested, hidden, IN_CHINESE)
    for language in UNSEEN:  # of which nothing was learnt
        table = load(sources, language)
        tags = [table[bare(character)]["words"] for character, _, _ in emoji_words(sources)]
        having = {word: {i for i, some in enumerate(tags) if word in some} for i in tested for word in tags[i][:1]}
        cases[language] = [*having.items()]
    return shares(fits, translated.first, cases)


def learn(
    words: Words, names: torch.Tensor, encode: Encode, hidden: Set[int], path: Path | None, sources: Path
) -> Callable[[Sequence[str]], torch.Tensor]:
    """Train, and write the prior to `path`; how well it finds texts to fit each emoji, [N, E]."""
    captions = list(words.captions(hidden, np.random.default_rng(0)))
    towers = train(names, encode, captions)
    common = nearness(towers, names, encode, captions)
    if path:
        tensors = {name: tensor for name, tensor in towers.state_dict().items() if name.startswith("words.")}
        both = zip(read_words(sources).first, read_chinese(sources).first, strict=True)
        save_prior(path, [*both], tensors | {"emoji": towers.names(names), "common": common})
    return lambda texts: towers(encode(texts), names) - common


def encoder(name: str) -> Encode:
    """One of ENCODERS, or, of "", that of other languages; it reads each text once."""
    folder = drain(fetch(ENCODERS[name]) if name else fetch(READER, CONVERT))
    network, known, before = SentenceEncoder(folder), {}, "" if name else QUERY

    def encode(texts: Sequence[str]) -> torch.Tensor:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, network.encode([before + text for text in new]), strict=True))
        return torch.from_numpy(np.stack([known[text] for text in texts]))

    return encode


def prototypes(names: Sequence[Sequence[Sequence[str]]], encode: Encode) -> torch.Tensor:
    """One unit vector for each emoji [E, W]: the mean of its names in each language, what a language has in common
    taken off; names[language][emoji]."""
    found = []
    for lists in names:
        mean = encode([name for some in lists for name in some]).mean(0)
        each = [F.normalize(encode(some) - mean, dim=-1).mean(0) for some in lists]
        found.append(F.normalize(torch.stack(each), dim=-1))
    return F.normalize(sum(found), dim=-1)


def read_words(sources: Path) -> Words:
    """The English words of all emoji of the bundled model."""
    known = list(emoji_words(sources))
    cldr = load(sources, "en")
    tags = [cldr[bare(character)] for character, _, _ in known]
    return Words(
        tuple(names for _, names, _ in known),
        tuple(keywords for _, _, keywords in known),
        tuple(tuple(dict.fromkeys([one["label"], *one["words"]])) for one in tags),
    )


def read_chinese(sources: Path) -> Words:
    """Their Chinese words by CLDR, simplified and traditional."""
    tables = [load(sources, folder) for folder in ("zh", "zh-hant")]
    known = [[table[bare(character)] for table in tables] for character, _, _ in emoji_words(sources)]
    names = tuple(tuple(dict.fromkeys(one["label"] for one in both)) for both in known)
    simple, traditional = (tuple(tuple(both[i]["words"]) for both in known) for i in (0, 1))
    return Words(names, simple, traditional, "、")


def train(names: torch.Tensor, encode: Encode, captions: Sequence[tuple[int, str]]) -> Towers:
    """The network, by vectors of names [E, W] and captions (emoji, text)."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    texts = {text: row for row, text in enumerate(dict.fromkeys(text for _, text in captions))}
    vectors = encode([*texts])
    said, having = defaultdict(list), torch.zeros(len(texts), len(names), dtype=torch.bool)
    for emoji, text in captions:
        said[emoji].append(texts[text])
        having[texts[text], emoji] = True
    towers, scale = Towers(vectors.shape[1]).train(), torch.nn.Parameter(torch.tensor(SCALE).log())
    towers.words.mean.copy_(vectors.mean(0))
    towers.names.mean.copy_(names.mean(0))
    optimizer = torch.optim.AdamW([*towers.parameters(), scale], RATE, weight_decay=0.0, betas=(0.9, 0.99))
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 30, (STEPS - step) / (0.4 * STEPS))
        among = rng.permutation(list(said))[: int(AMONG * len(said))]
        chosen = [said[i][rng.integers(len(said[i]))] for i in rng.choice(among, BATCH)]
        noise = torch.randn(BATCH, vectors.shape[1]) * NOISE / vectors.shape[1] ** 0.5
        fits = scale.exp() * towers(F.normalize(vectors[chosen] + noise, dim=-1), names[among])
        right = fits.masked_fill(~having[chosen][:, among], -torch.inf)
        maps = sum(tower.map.weight.square().sum() for tower in (towers.words, towers.names))
        loss = (fits.logsumexp(1) - right.logsumexp(1)).mean() + SHRUNK * maps
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 99:
            print(f"step {step + 1}  loss {loss.item():.3f}", flush=True)
    return towers.eval().requires_grad_(False)


def nearness(towers: Towers, names: torch.Tensor, encode: Encode, captions: Sequence[tuple[int, str]]) -> torch.Tensor:
    """What is taken off the fit of each emoji [E]: a share of its mean fit to those captions of others that it fits
    best."""
    some = captions[::EVERY]
    fits = towers(encode([text for _, text in some]), names)
    fits[torch.arange(len(some)), torch.tensor([emoji for emoji, _ in some])] = -1.0
    return HUB * fits.topk(NEAREST, 0).values.mean(0)


def asked(words: Words, tested: Sequence[int], hidden: Set[int], described: Path) -> dict[str, list[tuple[str, Set]]]:
    """What is asked, and the emoji that would be right, by number or name: of `tested` by words that were not learnt
    of them; of each eighth of the others by words that were, where any that has all of them is right; of a file's
    descriptions.
    """
    rng = np.random.default_rng(3)
    having = defaultdict(set)
    for i in range(len(words.names)):
        for word in {*words.keywords[i], *words.tags[i]}:
            having[word].add(i)
    cases: dict[str, list[tuple[str, Set]]] = {"descriptions": [*json.loads(described.read_text("utf-8")).items()]}
    for kind, lists in (("keywords", words.keywords), ("tags", words.tags)):
        others = {i: [word for word in lists[i] if word not in words.names[i]] for i in range(len(lists))}
        cases[kind] = [(words.comma.join(others[i][:ASKED]), {i}) for i in tested if others[i]]
        ones = [(others[i][len(others[i]) // 2]) for i in tested if others[i]]
        cases[f"one of {kind}"] = [(word, having[word]) for word in ones]
    known = [i for i in range(len(words.names)) if i not in hidden and len(words.keywords[i]) > 2][::8]
    for count in (1, 3):
        some = [rng.permutation(words.keywords[i])[:count].tolist() for i in known]
        cases[f"{count} learnt"] = [(words.comma.join(one), set.intersection(*map(having.get, one))) for one in some]
    return cases


def shares(
    fits: Callable[[Sequence[str]], torch.Tensor], first: Sequence[str], asked: dict[str, list[tuple[str, Set]]]
) -> dict[str, list[float]]:
    """Shares found, top 1 and top 5, where those meant are told by number or by name."""
    found = {}
    for kind, some in asked.items():
        best = fits([text for text, _ in some]).topk(5).indices.tolist()
        right = [[i in meant or first[i] in meant for i in row] for row, (_, meant) in zip(best, some, strict=True)]
        found[kind] = [round(float(np.mean([any(row[:n]) for row in right])), 3) for n in (1, 5)]
    return found


if __name__ == "__main__":
    main()
