"""What the bundled model learns from: emoji with their words, in other colours, and several of them on a picture.

What no emoji shows is composed of them by the layouts of `combining`, so that "blue cat" and "a cat on a pizza" mean
something to the model. A quarter of what can be composed never is, to test with; see `kept_apart`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from engines.data.sentences import SentenceEncoder
from engines.image_generation.emoji.combining.colouring import TONES, coloured
from engines.image_generation.emoji.combining.placing import ground_of, put_together
from engines.image_generation.emoji.combining.plan import Plan, Thing
from engines.image_generation.emoji.pictures import STYLES, Emoji, held_out, load_emoji
from engines.image_generation.emoji.texts import SENTENCE, WORD, WORDS, Axes

COLOURS = tuple(TONES)
SEVERAL = 60_000  # pictures of several things, or of a big or a small one
CAPTIONS = 48  # of an emoji, half of them names
TINTED = 0.25  # share of the things beside others that have another colour
APART = 4  # one of so many combinations is never composed
UNSEEN = ("Symbols",)  # categories that stand on no picture beside others
RELATIONS = {  # of placing.LAYOUTS, and how they are said
    "beside": ("{a} and {b}", "a {a} and a {b}", "{a} next to {b}", "a {a} beside a {b}"),
    "on": ("{a} on {b}", "a {a} on a {b}", "a {a} on top of a {b}", "a {a} riding a {b}"),
    "above": ("{a} above {b}", "a {a} above a {b}", "a {a} over a {b}"),
    "under": ("{a} under {b}", "a {a} under a {b}", "a {a} below a {b}"),
    "in": ("{a} in {b}", "a {a} in a {b}", "a {a} inside a {b}"),
    "before": ("{a} in front of {b}", "a {a} in front of a {b}"),
    "behind": ("{a} behind {b}", "a {a} behind a {b}"),
}
NUMBERS = {2: ("two", "2"), 3: ("three", "3"), 4: ("four", "4")}
SIZES = {"big": ("a big {a}", "big {a}", "a huge {a}"), "small": ("a small {a}", "small {a}", "a tiny {a}")}


@dataclass(frozen=True)
class Example:
    """What one training picture shows, and the captions it may carry."""

    plan: Plan  # in whose things a phrase is not read
    emoji: tuple[int, ...]  # that of each thing
    style: int  # index into STYLES
    kind: str  # "emoji", "colour" or "several"
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Corpus:
    """All training pictures and captions as arrays."""

    images: np.ndarray  # uint8 [N, S, S, 3]
    styles: np.ndarray  # int64 [N]
    kinds: np.ndarray  # str [N]
    captions: np.ndarray  # int64 [N, C], indices of captions, a row's own repeated to fill it
    vectors: np.ndarray  # float16 [V, SENTENCE], the captions' sentence vectors
    words: np.ndarray  # float16 [V, WORDS, WORD], and their words, see texts.py
    mean: np.ndarray  # float32 [SENTENCE], of the words' axes
    axes: np.ndarray  # float32 [SENTENCE, WORD]

    @property
    def main_axes(self) -> Axes:
        """How words become numbers."""
        return Axes(torch.from_numpy(self.mean), torch.from_numpy(self.axes))


def build_corpus(sources: Path, encoder: SentenceEncoder, size: int, cache: Path, several: int = SEVERAL) -> Corpus:
    """The corpus, made once and kept in `cache`; pictures are painted by all cores."""
    if cache.exists():
        with np.load(cache) as kept:
            return Corpus(**kept)
    emoji = load_emoji(sources, size)
    examples = [*singles(emoji), *combinations(emoji, several)]
    texts = list(dict.fromkeys(caption for example in examples for caption in example.captions))
    print(f"{len(emoji)} emoji, {len(examples)} pictures, {len(texts)} captions", flush=True)
    place = {text: i for i, text in enumerate(texts)}
    with ProcessPoolExecutor() as pool:
        parts = np.array_split(np.arange(len(examples)), 4 * (os.cpu_count() or 1))
        painted = pool.map(partial(paint, emoji), [[examples[i] for i in part] for part in parts])
        images = np.concatenate(list(painted))
    vectors, states = encoder.encode_words(texts)
    axes = Axes.of(torch.from_numpy(np.concatenate(states[:: 1 + len(states) // 20_000])))
    words = np.zeros((len(texts), WORDS, WORD), np.float16)
    for row, each in zip(words, states, strict=True):
        row[: len(each)] = axes.words(torch.from_numpy(each[:WORDS])).numpy()
    corpus = Corpus(
        images=images,
        styles=np.array([example.style for example in examples]),
        kinds=np.array([example.kind for example in examples]),
        captions=np.array([np.resize([place[c] for c in e.captions], CAPTIONS) for e in examples]),
        vectors=vectors.reshape(-1, SENTENCE).astype(np.float16),
        words=words,
        mean=axes.mean.numpy(),
        axes=axes.axes.numpy(),
    )
    np.savez(cache, **asdict(corpus))
    return corpus


# --- one thing ----------------------------------------------------------------------------------------------------


def singles(emoji: Sequence[Emoji], seed: int = 0) -> Iterator[Example]:
    """Every emoji in every style, as it is and in each colour that is not kept apart."""
    rng = np.random.default_rng(seed)
    hidden = set(held_out(len(emoji)).tolist())
    captions = [wordings(one, i in hidden, rng) for i, one in enumerate(emoji)]
    for style in range(len(STYLES)):
        for i, one in enumerate(emoji):
            yield Example(Plan((Thing(one.name),)), (i,), style, "emoji", captions[i])
            for c, colour in enumerate(COLOURS):
                if not kept_apart(i, c) and not set(one.name.split()) & set(COLOURS):
                    words = (f"{colour} {one.name}", f"a {colour} {one.name}")
                    yield Example(Plan((Thing(one.name, colour),)), (i,), style, "colour", words)


def wordings(emoji: Emoji, hidden: bool, rng: np.random.Generator) -> tuple[str, ...]:
    """Captions of one emoji, half of them names; of a hidden one no keywords, since they test unseen wording."""
    names = [emoji.name, *emoji.names, f"{emoji.name} emoji", f"a {emoji.name}"]
    keywords = tuple(dict.fromkeys([*emoji.keywords, *emoji.tags]))
    if hidden or not keywords:
        return tuple(names)
    listed = [", ".join(rng.permutation(keywords)[: rng.integers(2, 7)]) for _ in range(8)]
    said = [*keywords, *listed, *(f"{emoji.name}, {one}" for one in listed[:2])]
    half = CAPTIONS // 2
    return (*np.resize(names, half).tolist(), *np.resize(rng.permutation(said), half).tolist())


def kept_apart(emoji: int, other: int) -> bool:
    """Whether an emoji is never composed with another, in the colour of that index, or in that number."""
    return (emoji + other) % APART == 0


# --- several ------------------------------------------------------------------------------------------------------


def combinations(emoji: Sequence[Emoji], count: int, seed: int = 1) -> Iterator[Example]:
    """So many pictures of two things, of one several times, and of big and small ones."""
    rng = np.random.default_rng(seed)
    usable = [i for i, one in enumerate(emoji) if one.category not in UNSEEN and len(one.name.split()) <= 3]
    ways = {_pair: 0.7, _number: 0.22, _size: 0.08}
    found = 0
    while found < count:
        way = list(ways)[rng.choice(len(ways), p=list(ways.values()))]
        made = way(emoji, rng.choice(usable, 2, replace=False).tolist(), rng)
        if made:
            found += 1
            yield replace(made, style=int(rng.integers(len(STYLES))))


def _pair(emoji: Sequence[Emoji], chosen: Sequence[int], rng: np.random.Generator) -> Example | None:
    if kept_apart(*chosen):
        return None
    things = tuple(_maybe_tinted(emoji[i], i, rng) for i in chosen)
    relation = list(RELATIONS)[rng.integers(len(RELATIONS))]
    said = dict(zip("ab", (f"{thing.colour} {thing.phrase}".strip() for thing in things), strict=True))
    captions = tuple(way.format(**said) for way in RELATIONS[relation])
    return Example(Plan(things, relation), tuple(chosen), 0, "several", captions)


def _number(emoji: Sequence[Emoji], chosen: Sequence[int], rng: np.random.Generator) -> Example | None:
    count = int(rng.integers(2, 2 + len(NUMBERS)))
    if kept_apart(chosen[0], count):
        return None
    thing = replace(_maybe_tinted(emoji[chosen[0]], chosen[0], rng), count=count)
    many = plural(f"{thing.colour} {thing.phrase}".strip())
    captions = tuple(f"{number} {many}" for number in NUMBERS[count])
    return Example(Plan((thing,)), (chosen[0],), 0, "several", captions)


def _size(emoji: Sequence[Emoji], chosen: Sequence[int], rng: np.random.Generator) -> Example | None:
    size = list(SIZES)[rng.integers(len(SIZES))]
    thing = replace(_maybe_tinted(emoji[chosen[0]], chosen[0], rng), size=size)
    said = f"{thing.colour} {thing.phrase}".strip()
    return Example(Plan((thing,)), (chosen[0],), 0, "several", tuple(way.format(a=said) for way in SIZES[size]))


def _maybe_tinted(emoji: Emoji, index: int, rng: np.random.Generator) -> Thing:
    colour = int(rng.integers(len(COLOURS)))
    has_one = bool(set(emoji.name.split()) & set(COLOURS))
    return Thing(emoji.name, "" if has_one or kept_apart(index, colour) or rng.random() > TINTED else COLOURS[colour])


def plural(name: str) -> str:
    """A name in the plural, regularly built.

    >>> plural("butterfly"), plural("box"), plural("red apple")
    ('butterflies', 'boxes', 'red apples')
    """
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"


def paint(emoji: Sequence[Emoji], examples: Sequence[Example]) -> np.ndarray:
    """The pictures of examples, uint8 [N, S, S, 3]."""
    return np.stack([_painted(emoji, example) for example in examples])


def _painted(emoji: Sequence[Emoji], example: Example) -> np.ndarray:
    things, style = example.plan.things, list(STYLES)[example.style]
    drawn = [emoji[i].pictures[style] for i in example.emoji]
    drawn = [
        coloured(one, thing.colour, ground_of(one)) if thing.colour else one
        for one, thing in zip(drawn, things, strict=True)
    ]
    if example.kind != "several":
        return drawn[0]
    every = chain.from_iterable([one] * thing.count for one, thing in zip(drawn, things, strict=True))
    return put_together(example.plan, list(every), len(drawn[0]))
