"""A finished generator as a page of its own."""

import pytest
from gradio_client import Client

from engines.data.pictures import load_bundled
from engines.diffusion_training.family import FAMILY as DIFFUSION
from engines.gan_training.family import FAMILY as GAN
from engines.live_training.take_home.space import generator_space
from engines.running.events import Weights
from engines.vae_training.family import FAMILY as VAE
from tests.spaces import said_by, started, unpacked

FAMILIES = {"gan": GAN, "vae": VAE, "diffusion": DIFFUSION}


def files_of(name, **settings):
    family = FAMILIES[name]
    config = family.config(dataset="mnist", features=8, seed=1, **settings)
    pictures = load_bundled("mnist").resized(28).sample(64, seed=0)
    trainer = family.trainer(config, pictures.images, pictures.labels, 10, "cpu", None, None)
    facts = {"channels": 1, "class_names": list(pictures.class_names)}
    return generator_space(family, config, Weights(0, trainer.weights(), facts), 12.345678)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_space_draws_without_this_program(name, tmp_path):
    files = files_of(name, conditional=True)
    folder = unpacked(files, tmp_path)
    first = "[app.draw(1, 3, 2)[0].tolist() for _ in range(2)]"
    one, again = said_by(folder, first)
    assert one == again
    assert (len(one), len(one[0]), len(one[0][0])) == (28, 28, 3)
    card = files["README.md"].decode()
    assert "machine-made" in card
    assert "MNIST" in card
    assert "12.35" in card


@pytest.mark.slow
def test_a_space_starts_and_answers(tmp_path):
    with started(unpacked(files_of("gan"), tmp_path)) as url:
        client = Client(url, verbose=False)
        assert len(client.predict(1, 4, -1, api_name="/draw")) == 4
        with pytest.raises(Exception, match="not in the list of choices"):
            client.predict(1, 4, 99, api_name="/draw")
