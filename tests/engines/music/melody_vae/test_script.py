"""The run as a script: it trains the same without this program."""

import re

import pytest

from engines.music.melody_vae.config import MelodyConfig
from engines.music.melody_vae.corpus import load
from engines.music.melody_vae.script import DATA, script_files
from engines.music.melody_vae.step import Trainer
from tests.run_scripts import check, run

STEPS = 30
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
    told = run(tmp_path, script_files(config), capsys)
    theirs = [float(loss) for loss in re.findall(r"^step \d+: ([\d.]+) nats", told, re.M)]
    assert theirs == pytest.approx(losses_of_the_engine(config), rel=0.02)
    assert re.search(r"held out: [\d.]+ nats a melody; [\d.]+% of the notes come back", told)
    assert (tmp_path / "melodies.pt").stat().st_size > 1000


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short_and_needs_nothing_of_ours(kind):
    files = script_files(config_of(kind))
    check(files)
    assert set(files) == {"train.py", DATA}
