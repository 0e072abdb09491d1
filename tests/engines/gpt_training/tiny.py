"""Few poems and small models, so that a test takes moments."""

from engines.gpt_training.config import GptConfig
from engines.gpt_training.step import Trainer
from engines.gpt_training.text.corpus import Corpus, build
from engines.running.events import Weights

POEMS = [
    "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。",
    "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。",
    "红豆生南国，春来发几枝。愿君多采撷，此物最相思。",
    "移舟泊烟渚，日暮客愁新。野旷天低树，江清月近人。",
] * 30
ENGLISH = "the cat sat on the mat and the dog sat on the log.\n" * 30
TINY = {"layers": 1, "width": 16, "heads": 2, "context": 30, "batch": 8, "steps": 200, "seed": 1, "lr": 0.02}


def trainer(model: str = "gpt", documents=POEMS, steps: int = 0, **more) -> Trainer:
    """A trainer after so many steps."""
    config = GptConfig(**TINY | {"model": model} | more)
    pairs = config.vocabulary if config.tokens == "pairs" else 0
    one = Trainer(config, build(documents, config.context, pairs=pairs))
    for _ in range(steps):
        one.step()
    return one


def corpus_of(one: Trainer, documents=POEMS) -> Corpus:
    """The corpus that a trainer was made from."""
    pairs = one.config.vocabulary if one.config.tokens == "pairs" else 0
    return build(documents, one.config.context, pairs=pairs)


def weights_of(one: Trainer, documents=POEMS) -> Weights:
    """What an engine keeps of a trainer."""
    return Weights(one.steps, one.weights(), corpus_of(one, documents).vocabulary.to_facts() | {"length": one.length})
