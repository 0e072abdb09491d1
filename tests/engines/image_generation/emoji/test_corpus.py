"""What the bundled model learns from: captions that say what the pictures show, and what is kept to test with."""

from __future__ import annotations

import numpy as np
import pytest

from engines.image_generation.emoji import corpus as corpus_module
from engines.image_generation.emoji.corpus import (
    COLOURS,
    RELATIONS,
    SIZES,
    build_corpus,
    combinations,
    kept_apart,
    paint,
    plural,
    singles,
    wordings,
)
from engines.image_generation.emoji.pictures import Emoji
from engines.image_generation.emoji.texts import SENTENCE, WORD, WORDS


def disc(colour: tuple[int, int, int]) -> np.ndarray:
    """uint8 [64, 64, 3]: a disc on white."""
    y, x = np.mgrid[:64, :64] - 31.5
    return np.where((x**2 + y**2 < 28**2)[..., None], np.uint8(colour), np.uint8(255))


@pytest.fixture(scope="module")
def emoji():
    names = ("ball", "box", "red apple", "butterfly", "plus", *(f"thing {i}" for i in range(400)))
    look = {"noto": disc((220, 40, 40)), "twemoji": disc((40, 90, 220))}
    return [
        Emoji(name, (name, f"{name}s"), ("round", "toy"), look, ("round", "sport"),
              "Symbols" if name == "plus" else "Objects")
        for name in names
    ]  # fmt: skip


def test_half_of_the_captions_are_names_and_of_a_hidden_emoji_all(emoji):
    said = wordings(emoji[0], False, np.random.default_rng(0))
    of_names = [caption for caption in said if caption in ("ball", "balls", "ball emoji", "a ball")]
    assert len(of_names) * 2 == len(said)
    assert {"round", "toy", "sport"} <= set(said)
    hidden = " ".join(wordings(emoji[0], True, np.random.default_rng(0)))
    assert not any(word in hidden for word in ("round", "toy", "sport"))


def test_every_emoji_comes_in_both_styles_and_in_colours_that_its_name_does_not_tell(emoji):
    examples = list(singles(emoji))
    assert sum(example.kind == "emoji" for example in examples) == 2 * len(emoji)
    coloured = [example for example in examples if example.kind == "colour"]
    assert not any(example.emoji == (2,) for example in coloured)  # the red apple
    assert all(example.captions[0] == f"{example.plan.things[0].colour} {emoji[example.emoji[0]].name}"
               for example in coloured)  # fmt: skip
    assert not any(kept_apart(e.emoji[0], COLOURS.index(e.plan.things[0].colour)) for e in coloured)


def test_combinations_say_what_they_are_made_of_and_leave_out_what_is_kept_apart(emoji):
    made = list(combinations(emoji, 600))
    assert len(made) == 600
    assert {example.plan.relation for example in made if len(example.emoji) == 2} == set(RELATIONS)
    for example in made:
        assert 4 not in example.emoji  # symbols stand beside nothing
        things = example.plan.things
        if len(things) == 2:
            assert not kept_apart(*example.emoji)
            assert all(thing.phrase in caption for thing in things for caption in example.captions)
        elif things[0].count > 1:
            assert not kept_apart(example.emoji[0], things[0].count)
            assert all(plural(things[0].phrase) in caption for caption in example.captions)
        else:
            assert things[0].size in SIZES
        assert all(thing.colour in caption for thing in things for caption in example.captions)


def test_pictures_show_what_the_plan_says(emoji):
    made = list(combinations(emoji, 200))
    small, two = (
        next(e for e in made if e.style == 0 and (t := e.plan.things[0]).colour == "" and found(e, t))
        for found in (lambda e, t: t.size == "small", lambda e, t: t.count == 2)
    )
    plain, blue = (next(e for e in singles(emoji) if e.kind == kind) for kind in ("emoji", "colour"))
    pictures = paint(emoji, [plain, small, two, blue])
    assert pictures.shape == (4, 64, 64, 3)
    drawn = [(picture.min(2) < 200) for picture in pictures]
    assert drawn[1].sum() < 0.4 * drawn[0].sum()
    assert drawn[2][:, :30].any()
    assert drawn[2][:, 34:].any()
    assert not drawn[2][:, 31:33].all(1).any()
    assert not np.array_equal(pictures[3], pictures[0])


@pytest.mark.parametrize(
    ("name", "many"),
    [("butterfly", "butterflies"), ("box", "boxes"), ("red apple", "red apples"), ("monkey", "monkeys")],
)
def test_plurals(name, many):
    assert plural(name) == many


class FakeEncoder:
    """In the place of MiniLM: as many states as words."""

    def encode_words(self, texts):
        rng = np.random.default_rng(0)
        states = [rng.normal(size=(len(text.split()), SENTENCE)).astype(np.float32) for text in texts]
        return np.stack([each.mean(0) for each in states]), states


def test_the_corpus_is_made_once_and_its_arrays_fit_together(emoji, tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_module, "load_emoji", lambda sources, size: emoji[:30])
    made = build_corpus(tmp_path, FakeEncoder(), 64, tmp_path / "corpus.npz", several=20)
    assert len(made.images) == len(made.styles) == len(made.kinds) == len(made.captions)
    assert (made.kinds == "several").sum() == 20
    assert made.captions.max() < len(made.vectors) == len(made.words)
    assert made.words.shape[1:] == (WORDS, WORD)
    again = build_corpus(tmp_path, None, 64, tmp_path / "corpus.npz")
    assert np.array_equal(again.images, made.images)
    assert made.main_axes.axes.shape == (SENTENCE, WORD)
