"""The engines on one GPU: `python -m tests.benchmarks.gpu [part …]` prints one JSON line a part.

Needs no gradio and no files from elsewhere: language models and the classifier's encoder have random weights, which
are as fast. `--quick` shortens each part; `--distance` is what two CPU cores reach in 60 s (tests.benchmarks.gan).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from engines.data.pictures import load_bundled
from engines.device import usual
from engines.gan_training.config import GanConfig
from engines.gan_training.engine import train
from engines.gan_training.step import Trainer
from engines.running.events import Metrics
from tests.benchmarks import finetuning, gan, image, text

MATRIX = 8192  # rows and columns of the products that give the chip's rate


def main() -> None:
    """Parse the arguments, measure, print; a part that fails says why and the next one goes on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=tuple(PARTS), help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--distance", type=float, default=20.0)
    options = parser.parse_args()
    about = {"device": torch.cuda.get_device_name(), "torch": torch.__version__, "quick": options.quick}
    for name in options.parts:
        began = time.perf_counter()
        try:
            figures = PARTS[name](options)
        except Exception as problem:
            traceback.print_exc()
            figures = {"failed": repr(problem)[:300]}
        figures["took_s"] = time.perf_counter() - began
        rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}
        print(json.dumps({"part": name, **about, **rounded}), flush=True)


def matrix_rate() -> float:
    """Operations a second of bfloat16 matrix products on this chip."""
    a, b = (torch.randn(MATRIX, MATRIX, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    seconds = image.median_seconds(lambda: (torch.mm(a, b), torch.cuda.synchronize()), 10)
    return 2 * MATRIX**3 / seconds


def measure_gan(options: argparse.Namespace) -> dict[str, Any]:
    """Pictures a second of the textbook, ours eager and ours captured: 28 px at two batches, and 64 px.

    `share` is of the chip's matrix rate, by the operations that PyTorch counts in one eager step.
    """
    rate, figures = matrix_rate(), {}
    for size, batch in ((28, 64), (28, 128), (28, 512), (64, 64), (64, 256)):
        config = GanConfig(seed=0, size=size, batch=batch, conditional=False)
        data = load_bundled(config.dataset).resized(size)
        found = {"captured": gan_pace(config, data, True, options), "eager": gan_pace(config, data, False, options)}
        if size == 28:
            found["textbook"] = pace(gan.textbook_steps(config, data), options)
            figures[f"ratio_{size}px_{batch}"] = found["captured"] / found["textbook"]
        figures |= {f"{name}_{size}px_{batch}": batch * steps for name, steps in found.items()}
        figures[f"captured_over_eager_{size}px_{batch}"] = found["captured"] / found["eager"]
        figures[f"share_{size}px_{batch}"] = found["captured"] * operations(config, data) / rate
    return {"matrix_tflops": rate / 1e12, **figures}


def gan_pace(config: GanConfig, data: Any, captured: bool, options: argparse.Namespace) -> float:
    """Steps a second of our Trainer."""
    trainer = new_trainer(config, data)
    if not captured:
        trainer._capture = lambda: None

    def steps() -> Iterator[None]:
        while True:
            trainer.step()
            yield

    found = pace(steps(), options)
    assert captured == (trainer._graph is not None), "the step was not captured"
    return found


def new_trainer(config: GanConfig, data: Any) -> Trainer:
    """On the GPU."""
    classes = len(data.class_names)
    return Trainer(config, data.images, data.labels, classes, "cuda", choice=usual(torch.device("cuda")))


def pace(steps: Iterator[None], options: argparse.Namespace) -> float:
    """Steps a second after a warm-up."""
    gan.per_second(steps, 1.0, torch.get_num_threads())
    turns = 2 if options.quick else 3
    return statistics.median(gan.per_second(steps, 1.0, torch.get_num_threads()) for _ in range(turns))


def operations(config: GanConfig, data: Any) -> int:
    """Of one step: two for each multiplication with its addition."""
    from torch.utils.flop_counter import FlopCounterMode

    trainer = new_trainer(config, data)
    trainer._update()
    with FlopCounterMode(display=False) as counter:
        trainer._update()
    return counter.get_total_flops()


def measure_learning(options: argparse.Namespace) -> dict[str, Any]:
    """`seconds_to_distance`: from Start to the Fréchet distance that two CPU cores reach in 60 s; and after 60 s."""
    figures: dict[str, Any] = {"distance": options.distance, "seconds_to_distance": None}
    training, stop, end = train(GanConfig(seed=0, steps=200_000)), None, 15 if options.quick else 60
    began = time.perf_counter()
    try:
        while True:
            event, passed = training.send(stop), time.perf_counter() - began
            if isinstance(event, Metrics) and event.group == "scores":
                latest = event.values["Fréchet distance"]
                figures |= {"fd_end": latest, "steps": event.step, "end_s": passed}
                if latest <= options.distance and figures["seconds_to_distance"] is None:
                    figures["seconds_to_distance"] = passed
            stop = passed > end
    except StopIteration:
        return figures


def measure_text(options: argparse.Namespace, size: str) -> dict[str, Any]:
    """One user against the pipeline, and sixteen at once."""
    from transformers import logging, pipeline

    from engines.text_generation.models import Models

    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as place:
        os.environ["AIGC_CACHE"] = place
        folder = Path(place) / "models" / text.DEFAULT_MODEL
        text.make_random(size, folder)
        models = Models()
        for _ in models.open(text.DEFAULT_MODEL):
            pass
        pipe = pipeline("text-generation", model=str(folder), device="cuda")
        figures = text.measure_speed(models, pipe, options.quick)
        tokens = 48 if options.quick else 128
        many = statistics.median(text.together(models, tokens, seed, users=16) for seed in range(3))
        models.close()
    return {**figures, "sixteen_users_tokens_per_second": many}


def measure_finetuning(options: argparse.Namespace) -> dict[str, Any]:
    """Examples a second of ours and of transformers' Trainer, on MiniLM's shape with random weights."""
    from transformers.utils import logging

    from engines.catalog import ENCODERS
    from engines.finetuning.config import ENCODER_IDS, FinetuningConfig
    from engines.finetuning.data.examples import load_examples

    logging.set_verbosity_error()
    with tempfile.TemporaryDirectory() as place:
        os.environ["AIGC_CACHE"] = place
        card = ENCODERS[ENCODER_IDS[FinetuningConfig.model]]
        folder = Path(place) / "models" / card.id.split("/")[-1]
        config = FinetuningConfig(seed=1, rows=400 if options.quick else 0, epochs=1 if options.quick else 3)
        examples = load_examples(config)
        save_minilm(folder, examples)
        found = finetuning.drained(finetuning.fetch(card))
        assert found == folder, found
        finetuning.ours(replace(config, epochs=1, rows=0), load_examples(replace(config, rows=100)))
        mine, _ = finetuning.ours(config, examples)
        other, _ = finetuning.theirs(config, examples, folder)
    seen = config.epochs * len(examples.parts.train)
    return {
        "ratio": other.wall / mine.wall,
        "examples_per_second": seen / mine.wall,
        "trainer_examples_per_second": seen / other.wall,
    }


def save_minilm(folder: Path, examples: Any) -> None:
    """A BERT of all-MiniLM-L6-v2's shape with random weights, and a tokenizer of the examples' own words."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=30_000, special_tokens=special)
    tokenizer.train_from_iterator(examples.titles(examples.parts.train), trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), special, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    shape = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
    BertModel(BertConfig(vocab_size=30_522, **shape)).save_pretrained(folder)


def measure_image(options: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds for 1 and 64 pictures of the bundled model's shape: eager and captured."""
    with tempfile.TemporaryDirectory() as place:
        image.models_module.EMOJI_FOLDER = Path(place)
        image.make_random(Path(place))
        return image.measure_gpu(5 if options.quick else 15)


PARTS: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "gan": measure_gan,
    "learning": measure_learning,
    "image": measure_image,
    "finetuning": measure_finetuning,
    "text_135m": lambda options: measure_text(options, "135m"),
    "text_1.7b": lambda options: measure_text(options, "1.7b"),
}

if __name__ == "__main__":
    sys.exit(main())
