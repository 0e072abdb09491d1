"""The parts of a step: lanes, noise, buckets, schedule, adversarial push, and what a network saves."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification

from engines.finetuning.config import FinetuningConfig
from engines.finetuning.data.sources import MULTIPLE, TextSource, bucketed, tokenized
from engines.finetuning.learning.adversarial import adversarial_gradients, push
from engines.finetuning.learning.lanes import Dropout, Lanes, Noise, use_noise
from engines.finetuning.learning.mlm import MaskedNet, MaskedTrainer
from engines.finetuning.learning.training import Trainer, Worker, cross_entropy, softmax, warmed
from engines.finetuning.nets.encoders import TextNet, load_text_model, load_tokenizer
from engines.finetuning.nets.pictures import PictureNet
from tests.tiny_models import save_bert
from tests.tiny_texts import WORDS, rows

CPU = torch.device("cpu")
NAMES = ("bad", "good")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("bert")
    save_bert(place, WORDS)
    return place


@pytest.fixture
def lanes():
    lanes = Lanes(CPU)
    yield lanes
    lanes.close()


def make_source(folder, count=64):
    texts = [text for text, _ in rows(count=count)]
    ids = list(tokenized(load_tokenizer(folder), texts, 24))[-1]
    return TextSource(ids, np.arange(count), count, CPU)


def make_trainer(folder, lanes, count=64, **options):
    config = FinetuningConfig(batch=16, lr=5e-3, max_length=24, seed=3, **options)
    source, noise = make_source(folder, count), Noise(3, CPU)
    net = TextNet(load_text_model(folder, NAMES, 3, CPU), source.used, config.method, noise)
    labels = np.array([NAMES.index(label) for _, label in rows(count=count)])
    return Trainer(config, net, source, labels, np.arange(count), lanes, noise, CPU)


def step(trainer):
    for parts in trainer.rounds():
        trainer.accumulate(parts)
    trainer.apply()


def test_batches_hold_every_row_once_and_similar_lengths():
    lengths = np.random.default_rng(0).integers(3, 60, 1000)
    batches = bucketed(np.arange(0, 1000, 2), lengths, 16, np.random.default_rng(1))
    assert sorted(np.concatenate(batches)) == list(range(0, 1000, 2))
    assert len(batches) == 32
    padded = sum(len(batch) * lengths[batch].max() for batch in batches)
    assert padded < 1.15 * lengths[::2].sum()
    assert np.diff([lengths[batch].max() for batch in batches]).min() < 0, "not from short to long"
    again = bucketed(np.arange(0, 1000, 2), lengths, 16, np.random.default_rng(1))
    assert all(np.array_equal(one, other) for one, other in zip(batches, again, strict=True))


def test_a_batch_is_as_wide_as_its_longest_text(folder):
    source = make_source(folder)
    chosen = np.array([5, 3, 40])
    tokens, mask = source.inputs(chosen)
    assert tokens.shape[1] % MULTIPLE == 0
    assert 0 <= tokens.shape[1] - source.lengths[chosen].max() < MULTIPLE
    assert mask.sum(1).tolist() == source.lengths[chosen].tolist()
    tokenizer, texts = load_tokenizer(folder), [text for text, _ in rows(count=64)]
    ids = source.used[tokens[1].numpy()][: source.lengths[3]]
    assert ids.tolist() == tokenizer(texts[3])["input_ids"]


def test_rows_that_are_not_used_need_no_tokens(folder):
    source = TextSource([[1, 2], [1, 2, 3]], np.array([4, 9]), 12, CPU)
    assert source.used[source.inputs(np.array([9, 4]))[0][1][:2].numpy()].tolist() == [1, 2]


def test_dropout_drops_its_share_keeps_the_mean_and_can_be_repeated():
    noise = Noise(1, CPU)
    layer, x = Dropout(0.1, noise), torch.ones(400, 501)
    noise.begin(7, 0)
    first = layer(x)
    noise.begin(7, 1)
    other = layer(x)
    noise.begin(7, 0)
    assert torch.equal(layer(x), first)
    assert not torch.equal(other, first)
    assert (first == 0).float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert first.mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(layer.eval()(x), x)


def test_a_step_in_lanes_is_the_same_each_time(folder, lanes):
    weights = []
    for _ in range(2):
        trainer = make_trainer(folder, lanes)
        for _ in range(3):
            step(trainer)
        weights.append(trainer.net.words.weight.detach().clone())
    assert torch.equal(*weights)


def test_a_batch_in_lanes_has_the_gradients_of_the_whole_batch(folder, lanes):
    from torch.nn import functional as F

    trainer = make_trainer(folder, lanes)
    for layer in trainer.net.modules():
        if isinstance(layer, Dropout):
            layer.dropped = 0
    trainer.dtype = torch.float32
    parts = next(trainer.rounds())
    for round_of_parts in trainer.rounds():
        trainer.accumulate(round_of_parts)
    chosen = np.concatenate([part[1] for part in parts])
    assert len(chosen) == 16
    logits = trainer.net(*trainer.source.inputs(chosen))
    expected = torch.autograd.grad(F.cross_entropy(logits, trainer.labels[chosen]), trainer.weights, allow_unused=True)
    for found, right in zip(trainer._gradients, expected, strict=True):
        assert torch.allclose(found, torch.zeros_like(found) if right is None else right, atol=1e-5)


def test_a_long_batch_is_cut_so_that_a_stop_is_heard(folder, lanes, monkeypatch):
    from engines.finetuning.learning import training

    trainer = make_trainer(folder, lanes)
    assert len(list(trainer.rounds())) == 1
    monkeypatch.setattr(training, "WORK", trainer.net.work)  # one row a part
    assert len(list(trainer.rounds())) >= 2
    assert sum(len(rows) for parts in trainer.rounds() for _, rows, _ in parts) == 16


def test_logits_come_in_the_order_asked_for(folder, lanes):
    trainer = make_trainer(folder, lanes)
    asked = np.random.default_rng(0).permutation(64)
    together = list(trainer.logits(asked))[-1]
    alone = np.concatenate([list(trainer.logits(np.array([row])))[-1] for row in asked[:5]])
    assert np.allclose(together[:5], alone, atol=0.03)  # bfloat16 where the CPU has it
    assert list(trainer.logits(np.zeros(0, np.int64)))[-1].shape[0] == 0


def test_the_learning_rate_rises_and_falls():
    rates = [warmed(step, 100, 0.1) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert max(rates) == 1
    assert rates[99] == pytest.approx(1 / 90)
    assert warmed(0, 100, 0.0) == 1
    assert warmed(0, 1, 0.1) == 1


def test_the_push_has_length_epsilon_and_the_gradients_direction():
    gradient = torch.randn(4, 6, 8)
    moved = push(gradient, 0.5)
    assert torch.allclose(moved.flatten(1).norm(dim=1), torch.full((4,), 0.5))
    cosine = torch.nn.functional.cosine_similarity(moved.flatten(1), gradient.flatten(1))
    assert torch.allclose(cosine, torch.ones(4))
    assert push(torch.zeros(1, 2, 3), 0.5).abs().max() == 0


def test_the_pushed_words_are_worse_than_random_ones(folder, lanes):
    trainer = make_trainer(folder, lanes)
    for _ in range(8):
        step(trainer)
    trainer.net.eval()
    chosen = np.arange(16)
    inputs, truth = trainer.source.inputs(chosen), trainer.labels[chosen]

    def loss_of(logits):
        return torch.nn.functional.cross_entropy(logits, truth)

    words = trainer.net.embed(inputs[0])
    (gradient,) = torch.autograd.grad(loss_of(trainer.net.read(words, inputs[1])), words)
    with torch.no_grad():
        plain, pushed, random = (
            loss_of(trainer.net.read(words + move, inputs[1])).item()
            for move in (0.0, push(gradient, 1.0), push(torch.randn_like(gradient), 1.0))
        )
    assert pushed > plain
    assert pushed > random
    plain_only = torch.autograd.grad(loss_of(trainer.net(*inputs)), trainer.weights, materialize_grads=True)
    both, _ = adversarial_gradients(trainer.net, inputs, loss_of, trainer.weights, epsilon=0.0)
    assert all(torch.allclose(b, 2 * p, atol=1e-5) for b, p in zip(both, plain_only, strict=True))


def test_a_saved_model_has_its_trained_words_and_the_others_as_they_were(folder, lanes, tmp_path):
    trainer = make_trainer(folder, lanes, count=4)
    before = AutoModelForSequenceClassification.from_pretrained(folder).get_input_embeddings().weight
    for _ in range(2):
        step(trainer)
    trainer.net.save(tmp_path)
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path).eval()
    after, used = model.get_input_embeddings().weight, np.asarray(trainer.source.used)
    others = np.setdiff1d(np.arange(len(before)), used)
    assert len(others)
    assert torch.equal(after[others], before[others])
    assert not torch.equal(after[used], before[used])
    tokens, mask = trainer.source.inputs(np.arange(4))
    plain = model(input_ids=torch.tensor(used)[tokens], attention_mask=mask).logits.detach().numpy()
    assert np.allclose(plain, list(trainer.logits(np.arange(4)))[-1], atol=0.03)


@pytest.mark.slow
def test_lora_learns_few_weights(folder, lanes):
    full = sum(w.numel() for w in make_trainer(folder, lanes).weights)
    names = [name for name, w in make_trainer(folder, lanes, method="lora").net.named_parameters() if w.requires_grad]
    assert all("lora_" in name or "classifier" in name or "pooler" in name for name in names)
    assert sum(w.numel() for w in make_trainer(folder, lanes, method="lora").weights) < 0.5 * full


def test_a_grown_head_says_the_same_of_the_old_classes(folder, tmp_path):
    model = load_text_model(folder, NAMES, 1, CPU)
    model.save_pretrained(tmp_path)
    grown = load_text_model(tmp_path, (*NAMES, "odd"), 1, CPU).eval()
    tokens = torch.tensor([[2, 7, 9, 3]])
    assert torch.equal(grown(input_ids=tokens).logits[:, :2], model.eval()(input_ids=tokens).logits)
    assert grown.config.id2label == {0: "bad", 1: "good", 2: "odd"}
    net = PictureNet("small_cnn", 8, 1, NAMES).eval()
    picture = torch.zeros(1, 1, 8, 8)
    before = net(picture)
    net.grow((*NAMES, "odd"), seed=1)
    assert torch.equal(net(picture)[:, :2], before)


def test_masking_hides_what_bert_hides(folder, lanes):
    config = FinetuningConfig(batch=64, mlm=True, seed=1)
    source, noise = make_source(folder), Noise(1, CPU)
    net = MaskedNet(folder, 1, CPU)
    tokenizer = load_tokenizer(folder)
    rest = {"labels": np.zeros(64, np.int64), "rows": np.arange(64), "lanes": lanes, "noise": noise, "device": CPU}
    trainer = MaskedTrainer(config, net, source, tokenizer, **rest)
    noise.begin(0, 0)
    truth = torch.randint(5, len(tokenizer), (400, 50))
    truth[:, 0], truth[:, -1] = tokenizer.cls_token_id, tokenizer.sep_token_id
    mask = torch.ones_like(truth)
    mask[:, 40:] = 0
    tokens, wanted = trainer.hide(truth, mask)
    assert not wanted[:, 0].any()
    assert not wanted[:, 40:].any()
    assert wanted[:, 1:40].float().mean().item() == pytest.approx(0.15, abs=0.01)
    assert torch.equal(tokens[~wanted], truth[~wanted])
    masked = (tokens[wanted] == tokenizer.mask_token_id).float().mean().item()
    assert masked == pytest.approx(0.8, abs=0.03)
    same = (tokens[wanted] == truth[wanted]).float().mean().item()
    assert 0.08 < same < 0.17, "a tenth stays, and a random word may be the same"
    assert net.fresh


def test_probabilities_and_losses_are_torchs():
    logits = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32) * 20
    truth = np.array([0, 1, 2, 0, 1])
    tensor = torch.tensor(logits)
    assert np.allclose(softmax(logits), tensor.softmax(-1), atol=1e-6)
    expected = torch.nn.functional.cross_entropy(tensor, torch.tensor(truth)).item()
    assert cross_entropy(logits, truth) == pytest.approx(expected, rel=1e-5)
    logits[:, 2] = -np.inf  # a class that the model has never heard of
    assert softmax(logits)[:, 2].max() == 0


def test_all_dropouts_are_replaced(folder):
    model = load_text_model(folder, NAMES, 1, CPU)
    use_noise(model, Noise(1, CPU))
    assert not any(type(part) is torch.nn.Dropout for part in model.modules())
    assert any(isinstance(part, Dropout) and part.dropped for part in model.modules())
    Worker(model, make_source(folder), Lanes(CPU, side_by_side=False), CPU)
