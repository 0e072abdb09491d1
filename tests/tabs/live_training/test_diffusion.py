"""The diffusion family on the page and for scripts: a run, and the same network drawing in another way."""

import numpy as np
import pytest
from gradio_client import Client
from PIL import Image

from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.networks import build_network
from engines.running.board import ENDED_STATES
from engines.running.events import Weights
from tabs.live_training.diffusion import drawn
from tests.fakes import wait_until
from tests.served import served


def test_it_draws_with_what_is_chosen_and_with_the_runs_own_where_nothing_is():
    config = DiffusionConfig(features=8, sampling_steps=2)
    tensors = {k: v.numpy() for k, v in build_network(config, 1, 3).state_dict().items()}
    tensors["leave.bias"] = np.ones_like(tensors["leave.bias"])
    weights = Weights(1, tensors, {"channels": 1, "class_names": ["a", "b", "c"]})
    usual = drawn(config, weights, 3, -1, {})
    assert usual.shape == (64, 28, 28, 1)
    assert np.array_equal(usual, drawn(config, weights, 3, -1, {"sampler": None, "sampling_steps": None}))
    assert not np.array_equal(usual, drawn(config, weights, 3, -1, {"sampler": "heun", "sampling_steps": 3}))


@pytest.mark.slow
def test_a_script_trains_and_draws_in_another_way():
    settings = {"dataset": "mnist", "features": 8, "batch": 8, "steps": 10, "sampling_steps": 2, "seed": 5}
    with served() as (url, _):
        client = Client(url, verbose=False)
        run = client.predict(settings=settings, owner="", api_name="/diffusion_start")["run"]
        status = lambda: client.predict(run=run, api_name="/diffusion_status")  # noqa: E731
        wait_until(lambda: status()["state"] in ENDED_STATES, seconds=120)
        assert status()["state"] == "finished"
        paths = [
            client.predict(run, 3, -1, sampler, steps, -1, api_name="/diffusion_draw")
            for sampler, steps in (("", 0), ("heun", 4))
        ]
        first, other = (np.asarray(Image.open(path)) for path in paths)
        assert first.shape == other.shape
        assert not np.array_equal(first, other)
        with pytest.raises(Exception, match="Sampling steps"):
            client.predict(run, 3, -1, "", 1000, -1, api_name="/diffusion_draw")
