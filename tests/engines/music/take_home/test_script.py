"""The run as a script: it trains the same without this program."""

import ast
import re
import runpy

import pytest
import torch

from engines.music.chorales import load
from engines.music.config import MusicConfig
from engines.music.step import Trainer
from engines.music.take_home.script import DATA, script_files
from tests.engines.music.tiny import TINY

LINES = 150
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
    for name, data in script_files(config).items():
        (tmp_path / name).write_bytes(data)
    with torch.random.fork_rng(), torch.set_grad_enabled(True):
        runpy.run_path(str(tmp_path / "train.py"), run_name="__main__")
    theirs = [float(loss) for loss in re.findall(r"^step \d+: ([\d.]+) nats", capsys.readouterr().out, re.M)]
    assert theirs == pytest.approx(losses_of_the_engine(config), rel=0.02)
    assert (tmp_path / "chorales.pt").stat().st_size > 1000


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short_and_needs_nothing_of_ours(kind):
    files = script_files(config_of(kind))
    script = files["train.py"].decode()
    assert len(script.splitlines()) <= LINES
    assert max(map(len, script.splitlines())) <= 119
    imported = {node.module or "" for node in ast.walk(ast.parse(script)) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.startswith(("engines", "tabs"))]
    assert set(files) == {"train.py", DATA}
