"""Speed and quality of fine-tuning on this device: `python -m tests.benchmarks.finetuning` prints one JSON line.

The engine is compared with transformers' Trainer as its documentation shows it (padding="max_length" to 128,
float32), in turn: same model, rows, epochs, batch, schedule and decay, each with its own number of threads. Both are
tested as they are after the last step. Then the default run is made as a visitor would, and a bag-of-words logistic
regression learns the same split.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines.catalog import ENCODERS
from engines.device import pick_device
from engines.finetuning.config import ENCODER_IDS, FinetuningConfig
from engines.finetuning.data.examples import Examples, load_examples
from engines.finetuning.engine import finetune
from engines.finetuning.learning.lanes import Lanes
from engines.finetuning.learning.text_learner import TextLearner
from engines.running.events import Evaluation
from engines.weights import fetch

PADDED = 128  # tokens
QUICK_ROWS = 400


class Clocks:
    """Wall-clock and CPU seconds of what runs between `start` and `stop`."""

    def start(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        self.wall, self.cpu = time.perf_counter() - self._began[0], time.process_time() - self._began[1]


def drained(events: Any) -> Any:
    """What a generator returns."""

    def collect() -> Any:
        found.append((yield from events))

    found: list[Any] = []
    for _ in collect():
        pass
    return found[0]


def ours(config: FinetuningConfig, examples: Examples) -> tuple[Clocks, float]:
    """(seconds of the training, test accuracy) of this engine."""
    device, clocks = pick_device(), Clocks()
    lanes = Lanes(device)
    learner = TextLearner(config, examples, lanes, device)
    drained(learner.load(None))
    drained(learner.prepare())
    trainer = learner.trainer()
    clocks.start()
    while trainer.steps < trainer.total:
        for parts in trainer.rounds():
            trainer.accumulate(parts)
        trainer.apply()
    clocks.stop()
    rows = examples.parts.test
    logits = list(trainer.logits(rows))[-1]
    lanes.close()
    return clocks, float((logits.argmax(1) == examples.labels[rows]).mean())


def theirs(config: FinetuningConfig, examples: Examples, folder: Path) -> tuple[Clocks, float]:
    """The same of transformers' Trainer."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments

    torch.set_num_threads(os.cpu_count() or 1)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(examples.label_names))

    def dataset(rows: np.ndarray) -> list[dict[str, Any]]:
        texts = list(examples.titles(rows))
        encoded = tokenizer(texts, padding="max_length", truncation=True, max_length=PADDED)
        labels = examples.labels[rows].tolist()
        return [
            {"input_ids": ids, "attention_mask": mask, "labels": label}
            for ids, mask, label in zip(encoded["input_ids"], encoded["attention_mask"], labels, strict=True)
        ]

    with tempfile.TemporaryDirectory() as place:
        arguments = TrainingArguments(
            output_dir=place,
            num_train_epochs=config.epochs,
            per_device_train_batch_size=config.batch,
            per_device_eval_batch_size=64,
            learning_rate=config.lr,
            weight_decay=config.weight_decay,
            warmup_steps=config.warmup,  # below 1 it is a share
            seed=config.seed,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
            dataloader_pin_memory=torch.cuda.is_available(),
        )
        trainer = Trainer(model=model, args=arguments, train_dataset=dataset(examples.parts.train))
        clocks = Clocks()
        clocks.start()
        with contextlib.redirect_stdout(io.StringIO()):  # it prints its own figures
            trainer.train()
        clocks.stop()
        logits = trainer.predict(dataset(examples.parts.test)).predictions
    return clocks, float((logits.argmax(1) == examples.labels[examples.parts.test]).mean())


def bag_of_words(examples: Examples) -> float:
    """Test accuracy of a logistic regression on word counts, learnt from the same training rows."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression

    words, parts = CountVectorizer(), examples.parts
    counts = words.fit_transform(examples.titles(parts.train))
    model = LogisticRegression(max_iter=2000).fit(counts, examples.labels[parts.train])
    return model.score(words.transform(examples.titles(parts.test)), examples.labels[parts.test])


def default_run(config: FinetuningConfig) -> dict[str, float]:
    """Seconds from Start to the last event, the model being in the cache and the libraries loaded; accuracies."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        events = [event for event in finetune(config, Path(place)) if isinstance(event, Evaluation)]
    return {
        "default_run_s": time.perf_counter() - began,
        "default_run_accuracy": events[-1].accuracy,
        "zero_shot_accuracy": events[0].accuracy,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"use {QUICK_ROWS} rows, and end within a minute")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    config = FinetuningConfig(seed=options.seed, rows=QUICK_ROWS if options.quick else 0)
    folder = drained(fetch(ENCODERS[ENCODER_IDS[config.model]]))
    examples = load_examples(config)
    ours(replace(config, epochs=1, rows=0), load_examples(replace(config, rows=100)))  # warm
    mine, accuracy = ours(config, examples)
    other, trainer_accuracy = theirs(config, examples, folder)
    seen = config.epochs * len(examples.parts.train)
    result = {
        "ratio": other.wall / mine.wall,
        "cpu_ratio": other.cpu / mine.cpu,
        "examples_per_second": seen / mine.wall,
        "trainer_examples_per_second": seen / other.wall,
        "accuracy": accuracy,
        "trainer_accuracy": trainer_accuracy,
        "bag_of_words_accuracy": bag_of_words(examples),
        **default_run(config),
    }
    about = {"device": str(pick_device()), "cores": os.cpu_count(), "train_rows": len(examples.parts.train)}
    print(json.dumps({**about, **{name: round(value, 4) for name, value in result.items()}, "quick": options.quick}))


if __name__ == "__main__":
    main()
