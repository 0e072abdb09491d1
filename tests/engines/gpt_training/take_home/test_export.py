import json

import numpy as np
import pytest
import torch

from engines.gpt_training.take_home.export import export
from engines.gpt_training.use import Writer, bundled
from engines.messages import EngineError
from engines.running.events import Weights
from tests.alone import run_alone
from tests.engines.gpt_training.tiny import ENGLISH, POEMS, trainer, weights_of


@pytest.mark.parametrize("tokens", ["characters", "pairs"])
def test_plain_transformers_gives_the_same_logits_and_tokens(tmp_path, tokens):
    from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2LMHeadModel

    data = {"documents": [ENGLISH], "data": "english", "tokens": tokens, "vocabulary": 20}
    one = trainer(layers=2, steps=30, **data)
    weights = weights_of(one, [ENGLISH])
    export(one.config, weights, tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert type(model) is GPT2LMHeadModel
    ids = tokenizer("the cat sat\non the", return_tensors="pt").input_ids
    writer = Writer.of(one.config, weights)
    assert ids.tolist() == [[0, *writer.vocabulary.encode("the cat sat\non the").tolist()]]
    assert tokenizer.decode(ids[0, 1:]) == "the cat sat\non the"
    with torch.inference_mode():
        assert torch.allclose(model.eval()(ids).logits, writer.net(ids)[0], atol=1e-4)
    about = (tmp_path / "README.md").read_text("utf-8")
    assert "AIGC Playground" in about
    assert "30 steps of 8" in about
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_bundled_model_goes_through_its_card(tmp_path, capsys, monkeypatch):
    config, weights = bundled()
    export(config, weights, tmp_path, "Form 100 %")
    card = (tmp_path / "README.md").read_text("utf-8")
    assert "Form 100 %" in card
    assert "its plan, such as 七平东：" in card
    code = card.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    written = capsys.readouterr().out.strip()
    assert "：" in written


@pytest.mark.slow
@pytest.mark.parametrize("model", ["lstm", "rnn", "masked"])
def test_the_others_come_with_a_script_that_runs(tmp_path, model):
    one = trainer(model, steps=200, lr=0.01)
    export(one.config, weights_of(one), tmp_path)
    assert "Plain transformers has no class for this model" in (tmp_path / "README.md").read_text("utf-8")
    assert json.loads((tmp_path / "config.json").read_text())["model"] == model
    said = run_alone(["run.py"], tmp_path).strip()
    assert POEMS[0].startswith(said) if model == "masked" else len(said) > 4
    assert len((tmp_path / "run.py").read_text("utf-8").splitlines()) <= 150


def test_damaged_weights_are_refused(tmp_path):
    one = trainer()
    with pytest.raises(EngineError, match="damaged"):
        export(one.config, Weights(1, {"a": np.zeros(1)}, {}), tmp_path)
