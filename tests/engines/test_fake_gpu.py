"""The GPU's path of each engine without a GPU: one step and one sample on pretended tensors (see tests/fake_gpu.py).

Where devices mix this fails. It proves no speed, and nothing that a real GPU alone does, such as CUDA graphs.
"""

import gc

import numpy as np
import pytest
import torch

from engines.catalog import ModelCard
from engines.diffusion_training import step as diffusion_step
from engines.diffusion_training.config import DiffusionConfig
from engines.diffusion_training.samplers import Walk
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.data.sources import PictureSource, TextSource, tokenized
from engines.finetuning.learning.graphs import GraphedGradients
from engines.finetuning.learning.lanes import Lanes, Noise
from engines.finetuning.learning.training import Trainer as FinetuningTrainer
from engines.finetuning.nets.encoders import TextNet, load_text_model, load_tokenizer
from engines.finetuning.nets.pictures import PictureNet
from engines.gan_training import step as gan_step
from engines.gan_training.config import GanConfig
from engines.gan_training.networks import latents
from engines.gan_training.step import Trainer
from engines.image_generation.catalog import IMAGE_MODELS
from engines.image_generation.config import ImageConfig
from engines.image_generation.emoji import model as emoji_model
from engines.image_generation.emoji.model import EmojiModel
from engines.live_training.trainer import BaseTrainer
from engines.running.events import Progress, Samples
from engines.text_generation.config import TextConfig
from engines.text_generation.model import LanguageModel
from engines.text_generation.sampling import Sampler, choose
from engines.vae_training import step as vae_step
from engines.vae_training.config import VaeConfig
from tests.fake_gpu import assert_on_gpu, pretended_gpu, really
from tests.tiny_image_models import PHRASES, save_emoji_model
from tests.tiny_models import save_bert, save_gpt2, save_llama
from tests.tiny_texts import WORDS, rows

pytestmark = pytest.mark.filterwarnings("ignore:Accessing the data pointer of FakeTensor")  # by a copy of one


@pytest.fixture(autouse=True)
def nothing_pretended_is_left():
    """Pretended tensors go in the thread that made them, not whenever some other one collects garbage."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def no_graphs_of_gradients(monkeypatch):
    monkeypatch.setattr(GraphedGradients, "__call__", lambda self, inputs, generator: self.work(inputs))


@pytest.fixture(autouse=True)
def rates_are_plain_numbers(monkeypatch):
    """Fused Adam can't be pretended with a rate in a tensor."""
    monkeypatch.setattr(BaseTrainer, "_with_changing_rate", lambda self, optimiser: optimiser)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"objective": "relativistic"},
        {"objective": "wgan_gp", "conditional": True, "ema": 0.0},
        {"architecture": "mlp"},
    ],
)
def test_a_gan_trains_and_draws(monkeypatch, values):
    for name in ("build_generator", "build_discriminator"):
        monkeypatch.setattr(gan_step, name, really(getattr(gan_step, name)))
    monkeypatch.setattr(Trainer, "_step_cuda", Trainer._update)  # without streams and graphs
    config = GanConfig(features=8, batch=8, latent=4, seed=1, **values)
    noise = latents(5, 4, seed=0)
    with pretended_gpu(monkeypatch) as gpu:
        trainer = Trainer(config, np.zeros((40, 28, 28, 1), np.uint8), np.arange(40) % 3, 3, gpu)
        for _ in range(2):
            trainer.step()
        assert trainer.choice.dtype == "bfloat16"
        for net in trainer.nets().values():
            assert_on_gpu(net)
        assert trainer._sums.device.type == "cuda"
        trainer.signals()
        assert trainer.sample(noise).shape == (5, 28, 28, 1)
        assert all(isinstance(weight, np.ndarray) for weight in trainer.weights().values())


@pytest.mark.slow
@pytest.mark.parametrize("values", [{"guidance": 2.0}, {"objective": "v", "conditional": False, "ema": 0.0}])
def test_a_diffusion_model_trains_and_draws(monkeypatch, values):
    monkeypatch.setattr(diffusion_step, "build_network", really(diffusion_step.build_network))
    monkeypatch.setattr(Walk, "at", really(Walk.at))
    monkeypatch.setattr(diffusion_step.Trainer, "_step_cuda", diffusion_step.Trainer._update)  # without graphs
    config = DiffusionConfig(features=8, batch=8, seed=1, sampling_steps=2, **values)
    noise = np.zeros((5, 1, 28, 28), np.float32)
    with pretended_gpu(monkeypatch) as gpu:
        trainer = diffusion_step.Trainer(config, np.zeros((40, 28, 28, 1), np.uint8), np.arange(40) % 3, 3, gpu)
        for _ in range(2):
            trainer.step()
        assert trainer.choice.dtype == "bfloat16"
        for net in trainer.nets().values():
            assert_on_gpu(net)
        assert trainer._sums.device.type == "cuda"
        trainer.signals()
        assert trainer.sample(noise).shape == (5, 28, 28, 1)
        assert all(isinstance(weight, np.ndarray) for weight in trainer.weights().values())


@pytest.mark.parametrize(
    "values", [{}, {"architecture": "mlp", "likelihood": "bernoulli", "binarise": True, "conditional": True}]
)
def test_a_vae_trains_and_draws(monkeypatch, values):
    monkeypatch.setattr(vae_step, "build_vae", really(vae_step.build_vae))
    config = VaeConfig(features=8, batch=8, latent=4, seed=1, **values)
    noise = latents(5, 4, seed=0)
    with pretended_gpu(monkeypatch) as gpu:
        trainer = vae_step.Trainer(config, np.zeros((40, 28, 28, 1), np.uint8), np.arange(40) % 3, 3, gpu)
        for _ in range(2):
            trainer.step()
        assert trainer.choice.dtype == "bfloat16"
        for net in trainer.nets().values():
            assert_on_gpu(net)
        assert trainer._sums.device.type == trainer.tested.images.device.type == "cuda"
        trainer.signals()
        assert trainer.sample(noise).shape == (5, 28, 28, 1)
        assert all(isinstance(weight, np.ndarray) for weight in trainer.weights().values())
        assert list(trainer.extras())


def test_a_tensor_left_on_the_cpu_is_found(monkeypatch):
    with pretended_gpu(monkeypatch) as gpu:
        here, there = torch.ones(3), torch.ones(3, device=gpu)
        with pytest.raises(RuntimeError, match="device"):
            here + there
        with pytest.raises(TypeError):
            there.numpy()


@pytest.mark.slow
@pytest.mark.parametrize("save", [save_llama, save_gpt2])
def test_a_language_model_reads_writes_and_scores(monkeypatch, tmp_path, save):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    save(tmp_path)
    network = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.bfloat16)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    samplers = [Sampler(TextConfig(seed=seed, repetition_penalty=1.2)) for seed in (1, 2)]
    monkeypatch.setattr(Sampler, "pick", lambda self, *rest, **options: 0)  # there are no numbers to choose by
    with pretended_gpu(monkeypatch) as gpu:
        card = ModelCard("tiny", "Tiny", "", 0, "text", 256, "")
        model = LanguageModel(card, network.to(gpu), tokenizer)
        model._graphed = None  # a graph needs a real one
        assert_on_gpu(model.network)
        use_language_model(model, samplers, gpu)


@torch.no_grad()  # in inference mode some pretended tensors would ask for a driver
def use_language_model(model, samplers, gpu):
    from transformers import DynamicCache

    slots, ids = model.new_slots(), list(range(5, 25))
    for row in range(2):
        cache = DynamicCache(config=model.network.config)
        logits = model.read(ids, cache)
        slots.reserve(row + 1, 64, cache)
        slots.put(row, cache)
    assert (logits.shape, logits.device.type) == ((1, model.vocabulary), "cuda")
    seen = torch.zeros(2, model.vocabulary, dtype=torch.bool, device=gpu)
    for step in range(2):
        logits = model.step([7, 8], [20 + step, 20 + step], slots)
        assert (logits.shape, logits.device.type) == ((2, model.vocabulary), "cuda")
        assert len(choose(logits, seen, samplers)) == 2
    slots.move(1, 0, 22)
    assert list(model.score(ids, piece=8)) == [8, 16, 19]


def followed(drawing, events):
    """What a generator returns; its events are put into the list."""

    def all_of_it():
        result = yield from drawing
        results.append(result)

    results = []
    events += all_of_it()
    return results[0]


def test_the_emoji_model_draws(monkeypatch, tmp_path):
    save_emoji_model(tmp_path)
    monkeypatch.setattr(emoji_model, "load_networks", really(emoji_model.load_networks))
    monkeypatch.setattr(emoji_model, "load_doubler", really(emoji_model.load_doubler))
    monkeypatch.setattr(emoji_model, "Prompts", really(emoji_model.Prompts))
    noise = EmojiModel.noise
    monkeypatch.setattr(EmojiModel, "noise", really(noise))
    config = ImageConfig.for_model("emoji", prompt=PHRASES[0], steps=3, batch=2, seed=1)
    picture = np.zeros((128, 128, 3), np.uint8)
    mask = np.zeros((128, 128), bool)
    with pretended_gpu(monkeypatch) as gpu:
        model = EmojiModel(IMAGE_MODELS["emoji"], tmp_path, gpu, graphs=False)
        assert_on_gpu(model.flow)
        assert_on_gpu(model.autoencoder)
        assert_on_gpu(model.doubler)
        for image, area in ((None, None), (picture, None), (picture, mask)):
            events = []
            pictures, _ = followed(model.draw(config, image, area), events)
            assert pictures.shape == (2, 128, 128, 3)
            assert [event.step for event in events if isinstance(event, Progress)] == [0, 1, 2, 3]
            assert any(isinstance(event, Samples) for event in events)


def finetuning_steps(trainer: FinetuningTrainer) -> None:
    """Two steps, and what a run asks for between them."""
    for _ in range(2):
        for parts in trainer.rounds():
            trainer.accumulate(parts)
        trainer.apply()
        trainer.signals()
    assert_on_gpu(trainer.net)
    logits = list(trainer.logits(np.arange(10)))[-1]
    assert logits.shape == (10, 2)
    trainer.restore(trainer.snapshot())
    trainer.load_state(*trainer.state())


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"method": "lora"}, {"adversarial": True}])
def test_a_text_classifier_learns_and_predicts(monkeypatch, tmp_path, options):
    save_bert(tmp_path, WORDS)
    ids = list(tokenized(load_tokenizer(tmp_path), [text for text, _ in rows(count=32)], 24))[-1]
    config = FinetuningConfig(batch=8, max_length=24, seed=3, **options)
    model = load_text_model(tmp_path, ("bad", "good"), 3, torch.device("cpu"))
    with pretended_gpu(monkeypatch) as gpu:
        lanes, noise = Lanes(gpu), Noise(3, gpu)
        assert (lanes.count, lanes.choice.dtype) == (1, "bfloat16")
        source = TextSource(ids, np.arange(32), 32, gpu)
        net = TextNet(model.to(gpu), source.used, config.method, noise).to(gpu)
        finetuning_steps(FinetuningTrainer(config, net, source, np.arange(32) % 2, np.arange(32), lanes, noise, gpu))


def test_a_picture_classifier_learns_and_predicts(monkeypatch):
    config = FinetuningConfig(dataset="fashion_mnist", model="small_cnn", batch=8, seed=3)
    net, pictures = PictureNet("small_cnn", 28, 1, ("bad", "good")), np.zeros((32, 28, 28, 1), np.uint8)
    with pretended_gpu(monkeypatch) as gpu:
        lanes, noise = Lanes(gpu, side_by_side=False), Noise(3, gpu)
        net = net.to(gpu, memory_format=torch.channels_last)
        source = PictureSource(pictures, gpu)
        finetuning_steps(FinetuningTrainer(config, net, source, np.arange(32) % 2, np.arange(32), lanes, noise, gpu))
