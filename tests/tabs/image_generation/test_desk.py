"""What the desk tells of the models that it offers."""

import pytest

from tabs.image_generation.desk import Desk


@pytest.fixture(autouse=True)
def _far_from_the_hub(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path))


def test_a_model_whose_files_cannot_be_had_says_so_before_one_presses_generate():
    told = Desk.tell_reach(None, "SD-Turbo", None)["info"]
    assert told.startswith("⚠ The Hugging Face hub is switched off (HF_HUB_OFFLINE).")
    assert "million parameters" in told


@pytest.mark.parametrize("model", ["emoji", "own:abc"])
def test_nothing_is_said_of_what_is_here(model):
    assert "info" not in Desk.tell_reach(None, model, None)
