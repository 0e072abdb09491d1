"""A text encoder on its way from files to a trained classifier."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from engines.catalog import ENCODERS
from engines.data.sentences import SentenceEncoder
from engines.finetuning.config import ENCODER_IDS
from engines.finetuning.data.sources import TextSource, tokenized
from engines.finetuning.learning.lanes import Noise
from engines.finetuning.learning.learner import Learner, Steps, finish
from engines.finetuning.learning.mlm import MaskedNet, MaskedTrainer
from engines.finetuning.learning.training import Worker
from engines.finetuning.learning.zero_shot import name_probabilities
from engines.finetuning.nets.encoders import TextHead, TextNet, load_text_model, load_tokenizer
from engines.messages import Message
from engines.running.events import Caption, Note
from engines.weights import Stopped, fetch, in_background


class TextLearner(Learner):
    """A text encoder of the catalog with a head."""

    def load(self, base: Path | None) -> Steps:
        """See Learner."""
        self.card = ENCODERS[ENCODER_IDS[self.config.model]]
        files = base or (yield from fetch(self.card))
        if files is None:
            raise Stopped
        self.files: Path = files
        note = Note(Message("Loading {model}", model=self.card.title))
        self.model, self.tokenizer = yield from in_background(self._load, note)
        rows, note = self.examples.rows(), Note(Message("Splitting the texts into tokens"))
        texts = self.examples.titles(rows)
        ids = yield from finish(tokenized(self.tokenizer, texts, self.config.max_length), note)
        count = len(self.examples.labels)
        self.source = yield from in_background(lambda: TextSource(ids, rows, count, self.device), note)
        self.inputs = self.source

    def _load(self) -> tuple[nn.Module, Any]:
        tokenizer = load_tokenizer(self.files)
        tokenizer.model_max_length = self.config.max_length  # so that the saved one cuts texts where this run does
        return load_text_model(self.files, self.examples.label_names, self.config.seed, self.device), tokenizer

    def guess(self) -> Steps:
        """By the likeness of a text and the labels' names."""
        rows, names = self.examples.parts.test, self.examples.label_names
        if self.config.model == "minilm":
            caption = Message(
                "Before: without any training, the label whose name is most like the text, by the cosine of {model}'s"
                " sentence embeddings.",
                model=self.card.title,
            )
        else:
            caption = Message(
                "Before: without any training, the label whose name is most like the text, by the cosine of {model}'s"
                " mean word states; it was never trained to compare sentences, so expect little more than chance.",
                model=self.card.title,
            )
        yield Caption("before", caption)
        note = Note(Message("Guessing before any training, by the labels' names"))
        encoder = yield from in_background(lambda: SentenceEncoder(self.files), note)
        return (yield from finish(name_probabilities(encoder, self.examples.titles(rows), names), note))

    def masked_trainer(self) -> MaskedTrainer:
        """See Learner."""
        config = replace(self.config, epochs=self.config.mlm_epochs, adversarial=False)
        self._masked = MaskedNet(self.files, self.config.seed, self.device)
        rest = {"lanes": self.lanes, "noise": Noise(self.config.seed + 1, self.device), "device": self.device}
        rows, labels = self.examples.parts.train, self.examples.labels
        return MaskedTrainer(config, self._masked, self.source, self.tokenizer, labels=labels, rows=rows, **rest)

    def describe_warm_up(self) -> Message:
        """What the masked-word loss is measured on."""
        if self._masked.fresh:
            return Message(
                "{model}'s files have no head for guessing words, so a fresh one was put on, tied to its word"
                " embeddings: the loss starts high, and the warm-up may cost more than it brings.",
                model=self.card.title,
            )
        return Message("The mean loss of the words that were hidden: 15 % of them, as BERT was trained.")

    def absorb(self) -> None:
        """Take over the encoder that the warm-up trained."""
        self.model.base_model.load_state_dict(self._masked.model.base_model.state_dict(), strict=False)
        del self._masked

    def prepare(self) -> Steps:
        """See Learner."""
        note = Note(Message("Loading {model}", model=self.card.title))
        method = self.config.method
        self.net = yield from in_background(
            lambda: TextNet(self.model, self.source.used, method, self.noise), note
        )  # LoRA has a library to import
        if self.config.method == "frozen":
            yield from self._freeze(TextHead(self.net))

    def worker(self) -> Worker:
        """See Learner."""
        return self._worker(self.model)

    def saved_worker(self, folder: Path) -> Worker:
        """See Learner."""
        return self._worker(load_text_model(folder, self.examples.label_names, self.config.seed, self.device))

    def _worker(self, model: nn.Module) -> Worker:
        net = TextNet(model, self.source.used, "none", self.noise)
        return Worker(net, self.source, self.lanes, self.device)

    def save(self, folder: Path) -> None:
        """The plain model and its tokenizer."""
        super().save(folder)
        self.tokenizer.save_pretrained(folder)
