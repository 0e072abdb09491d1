"""The run as a script: it trains the same without this program."""

import re

import pytest

from engines.gpt_training.config import GptConfig
from engines.gpt_training.step import Trainer
from engines.gpt_training.take_home.script import script_files
from engines.gpt_training.text.corpus import build
from engines.gpt_training.text.sources import load_documents
from engines.messages import EngineError
from tests.alone import run_alone
from tests.engines.gpt_training.tiny import ENGLISH, TINY
from tests.run_scripts import check, run

KINDS = {
    "gpt": {},
    "lstm": {"model": "lstm"},
    "rnn": {"model": "rnn", "lr": 0.001},
    "masked": {"model": "masked"},
    "planned": {"plan": True},
    "dropout": {"dropout": 0.2},
    "english": {"data": "english", "part": 0.05},
    "pairs": {"data": "english", "part": 0.05, "tokens": "pairs", "vocabulary": 200},
    "own": {"data": "own", "context": 20},
}


def config_of(kind):
    return GptConfig(**TINY | {"steps": 50, "part": 0.02} | KINDS[kind])


def losses_of_the_engine(config, uploads):
    pairs = config.vocabulary if config.tokens == "pairs" else 0
    corpus = build(load_documents(config, uploads), config.context, share=config.part, pairs=pairs)
    trainer, found = Trainer(config, corpus), []
    for _ in range(50):
        trainer.step()
        found.append(trainer.signals()["Training"])
    return found, trainer.held_out(10**6)


def losses(told):
    return [float(number) for number in re.findall(r"^step \d+: ([\d.]+)", told, re.M)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_its_first_fifty_losses_are_those_of_the_engine(kind, tmp_path, capsys):
    config, uploads = config_of(kind), ()
    if kind == "own":
        (tmp_path / "own.txt").write_text(ENGLISH + "Ein längeres Ende, das sonst nirgends steht. " * 9, "utf-8")
        uploads = (str(tmp_path / "own.txt"),)
    told = run(tmp_path, script_files(config, uploads), capsys)
    theirs = losses(told)
    ours, held_out = losses_of_the_engine(config, uploads)
    assert theirs == pytest.approx(ours, rel=0.02)
    assert float(re.search(r"held out: ([\d.]+)", told).group(1)) == pytest.approx(held_out, rel=0.02)
    assert (tmp_path / "model.pt").stat().st_size > 1000
    assert len(told.split("a character")[-1].strip().splitlines()) >= 4, "it shows what it has learnt"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short_and_needs_nothing_of_ours(kind, tmp_path):
    (tmp_path / "own.txt").write_text(ENGLISH)
    files = script_files(config_of(kind), (str(tmp_path / "own.txt"),) if kind == "own" else ())
    check(files)
    assert set(files) <= {"train.py", "train.txt", "held_out.txt", "tokenizer.json"}


def test_a_persons_own_text_stays_theirs(tmp_path):
    files = script_files(config_of("own"))
    assert set(files) == {"train.py"}
    assert "text.txt" in files["train.py"].decode()
    with pytest.raises(EngineError, match="not known yet"):
        script_files(GptConfig(**TINY | {"data": "own", "tokens": "pairs"}))


@pytest.mark.slow
def test_alone_in_a_process_with_the_text_beside_it_it_splits_as_the_engine_does(tmp_path):
    config = config_of("own")
    own = tmp_path / "text.txt"
    own.write_text(ENGLISH)
    (tmp_path / "train.py").write_bytes(script_files(config)["train.py"])
    found = losses(run_alone(["train.py"], tmp_path))
    assert found == pytest.approx(losses_of_the_engine(config, (str(own),))[0], rel=0.02)
