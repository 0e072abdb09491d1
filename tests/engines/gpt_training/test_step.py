import numpy as np
import pytest
import torch

from engines.gpt_training.config import GptConfig
from engines.gpt_training.corpus import build
from engines.gpt_training.sampling import FREE, texts, write
from engines.gpt_training.step import IGNORED, Trainer

POEMS = ["春眠不觉晓，处处闻啼鸟。", "夜来风雨声，花落知多少。", "白日依山尽，黄河入海流。"] * 10
TINY = {"layers": 1, "width": 16, "heads": 2, "context": 13, "batch": 8, "steps": 200, "seed": 1, "lr": 0.02}


def trainer(model: str = "gpt", **more) -> Trainer:
    config = GptConfig(**TINY | {"model": model} | more)
    return Trainer(config, build(POEMS, config.context))


def test_a_piece_is_a_document_from_its_start_to_its_end():
    one = trainer(context=20)
    vocabulary = build(POEMS, 20).vocabulary
    ids, targets = one.train.at(torch.tensor([0]))
    assert vocabulary.decode(ids[0, :1].tolist()) == "\n"
    said = targets[0][targets[0] != IGNORED].tolist()
    assert vocabulary.decode(said) in [poem + "\n" for poem in POEMS]
    assert ids[0, 1 : len(said)].tolist() == said[:-1]


@pytest.mark.parametrize("model", ["gpt", "lstm", "rnn", "masked"])
def test_every_model_learns(model):
    one = trainer(model)
    before = one.held_out()
    for _ in range(60):
        one.step()
    assert one.held_out() < before - 1
    assert np.isfinite(list(one.signals().values())).all()


def test_the_same_seed_makes_the_same_weights():
    first, second = trainer(dropout=0.1), trainer(dropout=0.1)
    for one in (first, second):
        torch.manual_seed(0)
        for _ in range(3):
            one.step()
    assert all((a == b).all() for a, b in zip(first.weights().values(), second.weights().values(), strict=True))


@pytest.mark.parametrize("model", ["gpt", "lstm", "rnn"])
def test_writing_step_by_step_says_what_the_whole_says(model):
    one, characters = trainer(model), build(POEMS, 13).vocabulary.characters
    for _ in range(100):
        one.step()
    given = torch.full((3, 14), FREE)
    given[:, 0] = 0
    given[0, 1] = characters.index("夜")
    with one.resting() as net:
        ids = write(net, given, temperature=0)
        logits, _ = net(ids[:, :-1])
    written = texts(ids, characters)
    assert written[0].startswith("夜")
    assert "\n" not in written[0]
    free = ids[1, 1:] != 0
    assert (logits[1].argmax(-1)[free] == ids[1, 1:][free]).all()
    assert written[1] in POEMS
