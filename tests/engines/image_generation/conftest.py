"""A tiny random model in the place of the bundled one."""

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
