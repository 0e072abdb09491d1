"""A VAE's run as a script: it trains the same without this program."""

import re

import pytest

from engines.data.pictures import load_bundled
from engines.device.tuning import Choice
from engines.vae_training.config import VaeConfig
from engines.vae_training.script import script_files
from engines.vae_training.step import Trainer
from tests.run_scripts import check, run

SMALL = {"dataset": "mnist", "features": 8, "batch": 16, "steps": 50, "seed": 3}
KINDS = {
    "default": {},
    "bernoulli": {"likelihood": "bernoulli", "binarise": True, "latent": 2},
    "conditional": {"conditional": True, "beta": 4.0},
    "best variance": {"sigma": 0.0, "architecture": "mlp"},
    "colour": {"dataset": "emoji", "size": 32},
}


def losses_of_the_engine(config):
    pictures = load_bundled(config.dataset).resized(config.size)
    names = len(pictures.class_names)
    trainer, found = Trainer(config, pictures.images, pictures.labels, names, choice=Choice()), []
    for _ in range(50):
        trainer.step()
        told = trainer.signals()
        found.append((told["Reconstruction"], told["KL"]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_its_first_fifty_losses_are_those_of_the_engine(kind, tmp_path, capsys):
    config = VaeConfig(**SMALL | KINDS[kind])
    told = run(tmp_path, script_files(config), capsys)
    theirs = [tuple(map(float, pair)) for pair in re.findall(r"Reconstruction (\S+), KL (\S+)", told)]
    for mine, other in zip(theirs, losses_of_the_engine(config), strict=True):
        assert mine == pytest.approx(other, rel=0.02, abs=2e-3)
    assert (tmp_path / "vae.pt").stat().st_size > 1000
    assert (tmp_path / "made.png").stat().st_size > 200


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short(kind):
    check(script_files(VaeConfig(**SMALL | KINDS[kind])))
