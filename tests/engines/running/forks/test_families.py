"""Every family can be forked: its networks, optimisers and state of chance go on under other settings."""

import pytest

from engines.diffusion_training.family import FAMILY as DIFFUSION
from engines.gan_training.family import FAMILY as GAN
from engines.gpt_training.config import GptConfig
from engines.gpt_training.engine import train as train_gpt
from engines.live_training.engine import train
from engines.running.events import Progress, Resumed
from engines.running.forks.forking import settings_of_fork
from engines.running.forks.points import points_of, take
from engines.vae_training.family import FAMILY as VAE
from tests.engines.driven import driven, of

PICTURES = {"dataset": "mnist", "features": 8, "batch": 8, "steps": 20, "seed": 2}
TEXTS = {"layers": 1, "width": 16, "heads": 2, "batch": 8, "part": 0.02, "steps": 20, "seed": 2}
CHANGES = {
    "gan": {"lr_g": 1e-4, "lr_d": 1e-4, "beta1": 0.9, "batch": 16, "d_steps": 2, "gamma": 5.0},
    "vae": {"lr": 1e-4, "beta": 4.0, "sigma": 0.1, "batch": 16},
    "diffusion": {"lr": 1e-4, "batch": 16, "guidance": 3.0, "sampling_steps": 4, "sampler": "euler"},
    "gpt": {"lr": 1e-4, "batch": 16, "dropout": 0.2, "decay": 0.0},
}


def engine_of(name):
    if name == "gpt":
        return GptConfig(**TEXTS), lambda config, folder: train_gpt(config, (), folder)
    family = {"gan": GAN, "vae": VAE, "diffusion": DIFFUSION}[name]
    return family.config(**PICTURES), lambda config, folder: train(family, config, (), folder)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_all_that_a_fork_may_change_can_be_changed(name, tmp_path):
    config, run = engine_of(name)
    assert set(CHANGES[name]) == set(config.free_in_a_fork) - {"steps"}
    parent, child = tmp_path / "parent", tmp_path / "child"
    parent.mkdir()
    driven(run(config, parent))
    (step,) = [point.step for point in points_of(parent) if point.step == 20]
    forked = settings_of_fork(config, {**CHANGES[name], "steps": 30}, step)
    take(parent, step, child, forked.to_dict())
    events = driven(run(forked, child))
    assert of(events, Resumed)[0].step == 20
    assert of(events, Progress)[-1].step == 30
    assert points_of(child)[-1].step == 30
