"""A tiny random model in the place of the bundled one, and a machine that nothing can be fetched from."""

import pytest

from engines.image_generation import models as models_module
from engines.image_generation.models import ImageModels
from tests.tiny_image_models import save_emoji_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("emoji_model")
    save_emoji_model(folder)
    return folder


@pytest.fixture
def models(folder, monkeypatch):
    monkeypatch.setattr(models_module, "EMOJI_FOLDER", folder)
    models = ImageModels()
    yield models
    models.close()


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """No cache, no hub, and a registry without packages."""
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
