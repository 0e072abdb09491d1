"""The VAE on the page and for scripts: a run, and its map."""

import json

import pytest
from gradio_client import Client

from engines.running.board import ENDED_STATES
from tests.fakes import wait_until
from tests.served import served


@pytest.fixture(scope="module")
def client():
    with served(only=("gan_training", "vae_training", "diffusion_training")) as (url, _):
        yield Client(url, verbose=False)


@pytest.mark.slow
def test_a_script_trains_and_asks_for_the_map_of_a_class(client):
    settings = {"dataset": "mnist", "architecture": "mlp", "features": 8, "steps": 20, "seed": 5, "conditional": True}
    run = client.predict(settings=settings, owner="", api_name="/vae_start")["run"]
    status = lambda: client.predict(run=run, api_name="/vae_status")  # noqa: E731
    wait_until(lambda: status()["state"] in ENDED_STATES, seconds=120)
    assert status()["state"] == "finished"
    three, four = (json.loads(client.predict(run, label, api_name="/vae_map")) for label in (3, 4))
    assert three["cells"] == 48
    assert three["class_names"] == list("0123456789")
    assert three["grid"] != four["grid"]
    assert three["places"] == four["places"]
    with pytest.raises(Exception, match="Class must be from 0 to 9"):
        client.predict(run, 10, api_name="/vae_map")


@pytest.mark.parametrize("endpoint", ["vae_pair", "diffusion_pair"])
def test_the_run_of_another_family_is_refused_in_a_sentence(client, endpoint):
    with pytest.raises(Exception, match="This run is of another tab"):
        client.predict("example", 0, api_name=f"/{endpoint}")  # the GAN's
