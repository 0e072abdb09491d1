"""A GAN's run as a script: it trains the same without this program."""

import re

import pytest

from engines.data.pictures import load_bundled
from engines.device.tuning import Choice
from engines.gan_training.config import GanConfig
from engines.gan_training.script import LOSSES, script_files
from engines.gan_training.step import Trainer
from engines.messages import EngineError
from tests.run_scripts import check, run

# At the default rates a GAN is chaotic: one weight changed by a millionth, or another layout in memory, changes its
# losses by a tenth within ten steps. So the rates are lower here, and all differences show.
SMALL = {"dataset": "mnist", "features": 8, "batch": 16, "steps": 50, "seed": 3, "lr_g": 2e-4, "lr_d": 2e-4}
KINDS = {
    **{name: {"objective": name, "d_steps": 2 if name == "hinge" else 1} for name in LOSSES},
    "mlp": {"architecture": "mlp", "conditional": False},
    "colour": {"dataset": "emoji", "size": 32, "conditional": False, "ema": 0.0},
}


def losses_of_the_engine(config):
    pictures = load_bundled(config.dataset).resized(config.size)
    trainer = Trainer(config, pictures.images, pictures.labels, len(pictures.class_names), choice=Choice())
    found = []
    for _ in range(50):
        trainer.step()
        told = trainer.signals()
        found.append((told["Loss_D"], told["Loss_G"]))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_its_first_fifty_losses_are_those_of_the_engine(kind, tmp_path, capsys):
    config = GanConfig(**SMALL | KINDS[kind])
    told = run(tmp_path, script_files(config), capsys)
    theirs = [tuple(map(float, pair)) for pair in re.findall(r"Loss_D (\S+), Loss_G (\S+)", told)]
    if config.d_steps == 1:  # of several steps of D the engine tells the last, as the script does
        assert len(theirs) == 50
    for mine, other in zip(theirs, losses_of_the_engine(config), strict=True):
        assert mine == pytest.approx(other, rel=0.02, abs=2e-3)
    assert (tmp_path / "generator.pt").stat().st_size > 1000
    assert (tmp_path / "made.png").stat().st_size > 200


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_short_and_needs_nothing_of_ours(kind):
    check(script_files(GanConfig(**SMALL | KINDS[kind])))


@pytest.mark.parametrize("settings", [{"dataset": "own"}, {"whole": True}])
def test_other_pictures_than_the_bundled_ones_are_said(settings):
    with pytest.raises(EngineError, match="Only runs on the pictures that ship"):
        script_files(GanConfig(**SMALL | settings))
