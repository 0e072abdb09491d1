"""The run as a script: it trains the same without this program."""

import ast
import re
import runpy

import pytest
import torch

from engines.music.melody_vae.config import MelodyConfig
from engines.music.melody_vae.corpus import load
from engines.music.melody_vae.script import DATA, script_files
from engines.music.melody_vae.step import Trainer

LINES, STEPS = 150, 30
KINDS = {
    "usual": {},
    "by_notes": {"decoder": "gru", "forget": 0.5, "metre": "6/8", "dropout": 0.2},
    "free": {"free": 2.0, "beta": 1.0, "metre": "4/4", "part": 0.1, "latent": 2},
}


def config_of(kind):
    return MelodyConfig(**{"width": 16, "batch": 8, "steps": STEPS, "seed": 3} | KINDS[kind])


def losses_of_the_engine(config):
    trainer, found = Trainer(config, load(config.metre, config.part)), []
    for _ in range(STEPS):
        trainer.step()
        found.append(trainer.signals()["Training"])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_its_losses_are_those_of_the_engine(kind, tmp_path, capsys):
    config = config_of(kind)
    for name, data in script_files(config).items():
        (tmp_path / name).write_bytes(data)
    with torch.random.fork_rng(), torch.set_grad_enabled(True):
        runpy.run_path(str(tmp_path / "train.py"), run_name="__main__")
    told = capsys.readouterr().out
    theirs = [float(loss) for loss in re.findall(r"^step \d+: ([\d.]+) nats", told, re.M)]
    assert theirs == pytest.approx(losses_of_the_engine(config), rel=0.02)
    assert re.search(r"held out: [\d.]+ nats a melody; [\d.]+% of the notes come back", told)
    assert (tmp_path / "melodies.pt").stat().st_size > 1000


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short_and_needs_nothing_of_ours(kind):
    files = script_files(config_of(kind))
    script = files["train.py"].decode()
    assert len(script.splitlines()) <= LINES
    assert max(map(len, script.splitlines())) <= 119
    imported = {node.module or "" for node in ast.walk(ast.parse(script)) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.startswith(("engines", "tabs"))]
    assert set(files) == {"train.py", DATA}
