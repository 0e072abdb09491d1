"""The GPU's path of each engine without a GPU: one step and one sample on pretended tensors (see tests/fake_gpu.py).

Where devices mix this fails. It proves no speed, and nothing that a real GPU alone does, such as CUDA graphs.
"""

import numpy as np
import pytest
import torch

from engines.gan_training import step as gan_step
from engines.gan_training.config import GanConfig
from engines.gan_training.networks import latents
from engines.gan_training.step import Trainer
from tests.fake_gpu import assert_on_gpu, pretended_gpu, really


@pytest.mark.parametrize(
    "values",
    [{}, {"objective": "relativistic"}, {"objective": "wgan_gp", "conditional": True, "ema": 0.0}, {"architecture": "mlp"}],
)
def test_a_gan_trains_and_draws(monkeypatch, values):
    for name in ("build_generator", "build_discriminator"):
        monkeypatch.setattr(gan_step, name, really(getattr(gan_step, name)))
    monkeypatch.setattr(Trainer, "_step_cuda", Trainer._update)  # without streams and graphs
    config = GanConfig(features=8, batch=8, latent=4, seed=1, **values)
    noise = latents(5, 4, seed=0)
    with pretended_gpu(monkeypatch) as gpu:
        trainer = Trainer(config, np.zeros((40, 28, 28, 1), np.uint8), np.arange(40) % 3, 3, gpu)
        for _ in range(2):
            trainer.step()
        assert trainer.choice.dtype == "bfloat16"
        for net in trainer.nets().values():
            assert_on_gpu(net)
        assert trainer._sums.device.type == "cuda"
        trainer.signals()
        assert trainer.sample(noise).shape == (5, 28, 28, 1)
        assert all(isinstance(weight, np.ndarray) for weight in trainer.weights().values())


def test_a_tensor_left_on_the_cpu_is_found(monkeypatch):
    with pretended_gpu(monkeypatch) as gpu:
        here, there = torch.ones(3), torch.ones(3, device=gpu)
        with pytest.raises(RuntimeError, match="device"):
            here + there
        with pytest.raises(TypeError):
            there.numpy()
