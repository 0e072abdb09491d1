"""A visitor's own generators among the image models: by seed and class, and walks between seeds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from engines.gan_training.config import GanConfig
from engines.gan_training.explore import export
from engines.image_generation.config import ImageConfig
from engines.image_generation.engine import generate
from engines.image_generation.gans import Gan
from engines.image_generation.models import ImageModels
from engines.image_generation.variations import walk
from engines.messages import ConfigError, EngineError, PlaygroundError
from engines.running.board import Board
from engines.running.events import Pictures, Progress, Weights

MODELS = ImageModels()
NAMES = ("cat", "dog", "owl")


def random_gan(name: str = "mine", channels: int = 3, **settings) -> Gan:
    from engines.gan_training.networks import build_generator

    config = GanConfig(features=8, latent=8, seed=1, **settings)
    network = build_generator(config, channels, len(NAMES))
    tensors = {key: tensor.numpy() for key, tensor in network.state_dict().items()}
    return Gan(name, config, Weights(10, tensors, {"channels": channels, "class_names": NAMES}))


@pytest.fixture(scope="module")
def gan() -> Gan:
    return random_gan(conditional=True)


def made(config: ImageConfig, *gans: Gan) -> Pictures:
    *_, pictures = generate(config, MODELS, gans=gans)
    assert isinstance(pictures, Pictures)
    return pictures


def test_pictures_by_seed(gan):
    config = ImageConfig(model=gan.id, prompt="", batch=7, seed=5)
    pictures = made(config, random_gan("another"), gan)
    assert pictures.images.shape == (7, 28, 28, 3)
    assert pictures.model == "mine"
    assert pictures.config == config
    assert np.array_equal(pictures.images, made(config, gan).images)
    for i in range(7):
        alone = dataclasses.replace(config, batch=1, seed=config.seed_of(i))
        assert np.array_equal(made(alone, gan).images[0], pictures.images[i])


def test_a_class_can_be_asked_for(gan):
    assert gan.class_names == NAMES
    config = ImageConfig(model=gan.id, batch=3, seed=5)
    assert not np.array_equal(
        made(dataclasses.replace(config, label=0), gan).images, made(dataclasses.replace(config, label=1), gan).images
    )
    with pytest.raises(ConfigError, match="Class must be from 0 to 2"):
        made(dataclasses.replace(config, label=3), gan)


def test_gray_pictures_become_rgb():
    gray = random_gan(channels=1, conditional=False)
    assert gray.class_names == ()
    images = made(ImageConfig(model=gray.id, seed=0), gray).images
    assert images.shape == (4, 28, 28, 3)
    assert np.array_equal(images[..., 0], images[..., 2])


def test_a_walk_leads_from_seed_to_seed(gan):
    config = ImageConfig(model=gan.id, seed=5, batch=1, label=1)
    *_, frames = walk(config, MODELS, to_seed=9, frames=4, gans=[gan])
    assert np.array_equal(frames.images[0], made(config, gan).images[0])
    assert np.array_equal(frames.images[3], made(dataclasses.replace(config, seed=9), gan).images[0])
    with pytest.raises(ConfigError, match="knows no words"):
        list(walk(config, MODELS, to_prompt="cat", gans=[gan]))


def test_a_stop_keeps_what_is_finished(gan):
    events = generate(ImageConfig(model=gan.id, batch=20, seed=0), MODELS, gans=[gan])
    while next(events) != Progress(3, 20):
        pass
    last = events.send(True)
    assert isinstance(last, Pictures)
    assert len(last.images) == last.config.batch == 3


def test_one_that_is_gone_is_said(gan):
    with pytest.raises(EngineError, match="not here any more"):
        list(generate(ImageConfig(model="gan:gone"), MODELS, gans=[gan]))


def test_an_export_is_opened_again(gan, tmp_path):
    path = tmp_path / "my generator.zip"
    export(gan.config, gan.weights, path)
    opened = Gan.from_export(path)
    assert opened.name == "my generator"
    config = ImageConfig(model=gan.id, seed=3)
    again = dataclasses.replace(config, model=opened.id)
    assert np.array_equal(made(config, gan).images, made(again, opened).images)
    path.write_bytes(b"no zip")
    with pytest.raises(PlaygroundError, match="not an exported generator"):
        Gan.from_export(path)


def test_a_run_that_has_no_generator_yet_is_none(gan):
    board = Board("gan_training", gan.config.to_dict())
    assert Gan.from_board("mine", board) is None
    board.fold(gan.weights)
    assert Gan.from_board("mine", board).config == gan.config
