"""A finished language model as a page of its own."""

import pytest

from engines.gpt_training.take_home.space import model_space
from tests.engines.gpt_training.tiny import ENGLISH, POEMS, trainer, weights_of
from tests.spaces import said_by, unpacked


def files_of(model, **settings):
    documents = ENGLISH if settings.get("data") == "english" else POEMS
    documents = [documents] if isinstance(documents, str) else documents
    one = trainer(model, documents, **settings)
    return model_space(one.config, weights_of(one, documents), "Form 12 %")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["gpt", "lstm", "rnn", "masked"])
def test_a_space_writes_without_this_program(model, tmp_path):
    files = files_of(model)
    folder = unpacked(files, tmp_path)
    given = "春_不" if model == "masked" else "春"
    one, again = said_by(folder, f"[app.make('{given}', 0.8, 3) for _ in range(2)]")
    assert one == again
    assert one.startswith("春")
    assert "_" not in one
    assert "Form 12 %" in files["README.md"].decode()


@pytest.mark.slow
def test_a_space_of_english_goes_on_from_nothing_and_from_a_long_text(tmp_path):
    folder = unpacked(files_of("gpt", data="english", context=16), tmp_path)
    nothing, long = said_by(folder, "[app.make(text, 1.0, 1) for text in ('', 'the cat sat ' * 20)]")
    assert nothing
    assert long
