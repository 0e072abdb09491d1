"""Two pictures that are alike in class and size, the real one held out where a family holds some out."""

import numpy as np
import pytest

from engines.data.pictures import load_bundled
from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.family import FAMILY as DIFFUSION
from engines.gan_training.config import GanConfig
from engines.gan_training.family import FAMILY as GAN
from engines.live_training.exam.blind import pair
from engines.messages import EngineError
from engines.running.events import Weights
from engines.vae_training.config import VaeConfig
from engines.vae_training.family import FAMILY as VAE

SMALL = (
    (GAN, GanConfig(dataset="mnist", architecture="mlp", features=8, batch=16)),
    (VAE, VaeConfig(dataset="mnist", features=8, batch=16, conditional=True)),
    (DIFFUSION, DiffusionConfig(dataset="mnist", features=8, batch=16)),
)


def weights_of(family, config):
    pictures = load_bundled(config.dataset)
    trainer = family.trainer(config, pictures.images[:200], pictures.labels[:200], 10, "cpu")
    return Weights(0, trainer.weights(), {"channels": 1, "class_names": list(pictures.class_names)})


@pytest.mark.parametrize(("family", "config"), SMALL, ids=[family.engine for family, _ in SMALL])
def test_the_real_one_is_held_out_where_some_are(family, config):
    weights, pictures = weights_of(family, config), load_bundled("mnist")
    held = family.held_out(config, len(pictures)) if family.held_out else np.arange(len(pictures))
    for seed in range(2):
        found = pair(family, config, weights, seed)
        assert (pictures.images[held] == found.real).all((1, 2, 3)).any()
        assert found.made.shape == found.real.shape
        assert found.made.dtype == np.uint8
        assert ("has not learnt from it" in found.source) == (family is not GAN)


def test_pictures_of_somebodys_own_are_not_shown():
    with pytest.raises(EngineError, match="somebody's own"):
        pair(GAN, GanConfig(dataset="own"), Weights(0, {}), 1)
