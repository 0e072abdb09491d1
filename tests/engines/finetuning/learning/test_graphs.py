"""Gradients as CUDA graphs: the same as without, whatever the lengths."""

import pytest
import torch

from engines.finetuning.learning.graphs import GraphedWork


class Counting:
    """Work on the CPU, which cannot be captured, that notes how often it is asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, inputs, truth):
        self.asked.append((inputs, truth))
        return [inputs[0] * 2], truth.sum()


@pytest.mark.skipif(torch.cuda.is_available(), reason="what happens where nothing can be captured")
def test_without_a_gpu_it_goes_on_eagerly(monkeypatch):
    work = Counting()
    graphed = GraphedWork(work)
    monkeypatch.setattr(graphed, "_aside", work)
    inputs, truth = (torch.ones(3),), torch.ones(3)
    for _ in range(4):
        gradients, total = graphed(inputs, truth, torch.Generator())
        assert (gradients[0].tolist(), float(total)) == ([2.0] * 3, 3.0)
    assert not graphed.works
    assert len(work.asked) == 4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_it_learns_what_eager_steps_learn(tmp_path):
    import numpy as np

    from engines.finetuning.config import FinetuningConfig
    from engines.finetuning.data.sources import TextSource, tokenized
    from engines.finetuning.learning.lanes import Lanes, Noise
    from engines.finetuning.learning.training import Trainer
    from engines.finetuning.nets.encoders import TextNet, load_text_model, load_tokenizer
    from tests.tiny_models import save_bert
    from tests.tiny_texts import WORDS, rows

    save_bert(tmp_path, WORDS)
    gpu, texts = torch.device("cuda"), rows(count=96)
    ids = list(tokenized(load_tokenizer(tmp_path), [text for text, _ in texts], 24))[-1]
    config = FinetuningConfig(batch=8, epochs=4, lr=5e-3, max_length=24, seed=3)
    ended = []
    for eager in (True, False):
        noise = Noise(3, gpu)
        source = TextSource(ids, np.arange(96), 96, gpu)
        net = TextNet(load_text_model(tmp_path, ("bad", "good"), 3, gpu), source.used, config.method, noise).to(gpu)
        labels = np.array([("bad", "good").index(label) for _, label in texts])
        trainer = Trainer(config, net, source, labels, np.arange(96), Lanes(gpu), noise, gpu)
        if eager:
            trainer._graphed = None
        while trainer.steps < trainer.total:
            for parts in trainer.rounds():
                trainer.accumulate(parts)
            trainer.apply()
        assert eager or (trainer._graphed.works and trainer._graphed._graphs)
        ended.append((trainer.signals(), trainer.snapshot()))
    (eager_signals, eager_weights), (signals, weights) = ended
    assert signals == pytest.approx(eager_signals, rel=0.02, abs=0.02)
    assert signals["Accuracy"] > 0.9
    for name, weight in weights.items():
        assert torch.allclose(weight.float(), eager_weights[name].float(), atol=0.02), name
