"""A diffusion model's run as a script: it trains the same without this program."""

import re

import pytest

from engines.data.pictures import load_bundled
from engines.device.tuning import Choice
from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.script import script_files
from engines.diffusion_training.step import Trainer
from tests.run_scripts import check, run

SMALL = {"dataset": "mnist", "features": 16, "batch": 8, "steps": 50, "seed": 3}
KINDS = {
    "default": {},
    "epsilon": {"objective": "epsilon", "sampler": "ddpm", "conditional": False},
    "v": {"objective": "v", "pictures": 100},
    "colour": {"dataset": "emoji", "size": 64, "conditional": False, "ema": 0.0},
}


def losses_of_the_engine(config):
    pictures = load_bundled(config.dataset).resized(config.size)
    names = len(pictures.class_names)
    trainer, found = Trainer(config, pictures.images, pictures.labels, names, choice=Choice()), []
    for _ in range(50):
        trainer.step()
        found.append(trainer.signals()["Loss"])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_its_first_fifty_losses_are_those_of_the_engine(kind, tmp_path, capsys):
    config = DiffusionConfig(**SMALL | KINDS[kind])
    told = run(tmp_path, script_files(config), capsys)
    theirs = [float(number) for number in re.findall(r"Loss (\S+)", told)]
    assert theirs == pytest.approx(losses_of_the_engine(config), rel=0.02)
    assert (tmp_path / "network.pt").stat().st_size > 1000
    assert (tmp_path / "made.png").stat().st_size > 200


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short(kind):
    check(script_files(DiffusionConfig(**SMALL | KINDS[kind])))
