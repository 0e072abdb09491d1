"""The run as a script: it trains the same without this program."""

import re

import pytest

from engines.music.chorales import load
from engines.music.config import MusicConfig
from engines.music.step import Trainer
from engines.music.take_home.script import DATA, script_files
from tests.engines.music.tiny import TINY
from tests.run_scripts import check, run

KINDS = {"usual": {}, "dropout": {"dropout": 0.2}, "one_key": {"transpose": False, "part": 0.05, "layers": 2}}


def config_of(kind):
    return MusicConfig(**TINY | {"steps": 50, "width": 32, "rows": 32, "layers": 3} | KINDS[kind])


def losses_of_the_engine(config):
    trainer, found = Trainer(config, load(config.part)), []
    for _ in range(50):
        trainer.step()
        found.append(trainer.signals()["Training"])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_its_first_fifty_losses_are_those_of_the_engine(kind, tmp_path, capsys):
    config = config_of(kind)
    told = run(tmp_path, script_files(config), capsys)
    theirs = [float(loss) for loss in re.findall(r"^step \d+: ([\d.]+) nats", told, re.M)]
    assert theirs == pytest.approx(losses_of_the_engine(config), rel=0.02)
    assert (tmp_path / "chorales.pt").stat().st_size > 1000


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short_and_needs_nothing_of_ours(kind):
    files = script_files(config_of(kind))
    check(files)
    assert set(files) == {"train.py", DATA}
