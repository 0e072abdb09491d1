"""Trains a small language model from nothing and tells what happens: a generator from a GptConfig to events."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.gpt_training.config import MASKED, POEMS, GptConfig
from engines.gpt_training.diagnosis import Doctor, Exam
from engines.gpt_training.measures.ngrams import MOST, ORDERS, held_out_nats
from engines.gpt_training.text.corpus import Corpus, build
from engines.gpt_training.text.sources import left_unknown, load_documents
from engines.live_training.jobs import Job, Jobs, each, telling_divergence
from engines.live_training.one_run import OneNetRun, Part
from engines.live_training.race.terms import Budget, Terms
from engines.messages import Message
from engines.running.clock import Clock
from engines.running.events import Bars, Caption, Events, Metrics, Note, Progress, Weights, Written
from engines.running.workers.zero_gpu import TRAINING, on_gpu

if TYPE_CHECKING:
    import numpy as np
    import torch

    from engines.device.tuning import Choice
    from engines.gpt_training.step import Trainer

SHARE = 0.05  # of the time that each of showing, examining and testing may take
QUICK, THOROUGH = 8192, 65_536  # held-out tokens on the way, and at the end
FINAL = "final"  # the group of metrics of the exam at the end of a race
EXAM_SEED = 1_000_000_000  # beyond the seeds of what is scored on the way, which are steps
TRIED = 300  # pieces that a copy trains on while it is tried out how to compute


@on_gpu(TRAINING)
def train(
    config: GptConfig, uploads: Sequence[str] = (), folder: Path | None = None, terms: Terms | None = None
) -> Events:
    """Train on the config's text, or on the uploaded file; ends early when told to stop.

    Yields Progress and Metrics ("losses": Training, Held-out, and what n-grams reach, in nats a character) four times
    a second, Written from fixed starts, and every few seconds Metrics ("scores"), a Verdict, Bars and Weights. Raises
    EngineError when a loss is not finite any more; what was yielded before stays good.

    In `folder`, the run's own, the state is saved about every 20 seconds; if one is there already, the training goes
    on from it and yields Resumed. On the `terms` of a race it ends when its seconds are used up, with an exam that is
    repeated: Metrics ("final").
    """
    yield Note(Message("Loading PyTorch"))
    from engines.device import pick_device, release_memory
    from engines.device.cores import Neighbours
    from engines.gpt_training.step import Trainer

    neighbours = Neighbours()
    yield Note(Message("Reading the text"))
    documents = load_documents(config, uploads, folder)
    pairs = config.vocabulary if config.tokens == "pairs" else 0
    corpus = build(documents, config.context, share=config.part, pairs=pairs)
    if note := left_unknown(documents):
        yield Caption("text", note)
    yield Note(Message("Counting n-grams"))
    lines = held_out_nats(corpus.train_texts, corpus.held_texts, corpus.vocabulary, orders_of(config))
    yield Caption("losses", about(config, corpus))
    device, trainer = pick_device(), None
    try:
        yield Note(Message("Trying out how to compute fastest here"))
        trainer = Trainer(config, corpus, device, best_choice(config, corpus, device, neighbours.free()))
        yield from telling_divergence(_Training(trainer, corpus, lines, folder, terms).events())
    finally:
        del trainer
        release_memory()


def orders_of(config: GptConfig) -> tuple[int, ...]:
    """Of the n-grams to compare with; a model that sees both sides is told only how often each character comes."""
    return (1,) if config.model == MASKED else ORDERS


def about(config: GptConfig, corpus: Corpus) -> Message:
    """What the losses mean, and what they cannot be compared with."""
    characters, held = (sum(map(len, texts)) for texts in (corpus.train_texts, corpus.held_texts))
    values = {"count": f"{characters:,}", "held": f"{held:,}", "most": f"{MOST:,}"}
    if config.model == MASKED:
        return Message(
            "Nats for each hidden character; {count} characters are learnt from and {held} held out. 1-gram: how often"
            " each character comes.",
            **values,
        )
    if characters > MOST:
        return Message(
            "Nats a character; {count} characters are learnt from and {held} held out. n-grams: interpolated"
            " Kneser-Ney, counted on the first {most} of them.",
            **values,
        )
    return Message(
        "Nats a character; {count} characters are learnt from and {held} held out. n-grams: interpolated Kneser-Ney"
        " on the same text.",
        **values,
    )


def best_choice(config: GptConfig, corpus: Corpus, device: torch.device, free: int) -> Choice:
    """How to compute this training while others leave `free` cores; a GPU has one way."""
    from engines.device import usual
    from engines.device.tuning import choose, ways
    from engines.gpt_training.step import Trainer

    if device.type != "cpu":
        return usual(device)

    few = replace(corpus, train=corpus.train.first(TRIED), held=corpus.held.first(TRIED))

    def trial(choice: Choice) -> Callable[[], None]:
        return Trainer(config, few, device, choice).step

    sizes = (config.layers, config.width, config.heads, config.batch, min(config.context, corpus.longest))
    shapes = f"{config.model} {' x '.join(map(str, sizes))}, {len(corpus.vocabulary)} tokens"
    return choose("language model", shapes, ways(free, layouts=("contiguous",)), trial, free)


class _Training(OneNetRun):
    """See OneNetRun; with `terms` it takes part in a race."""

    config: GptConfig
    trainer: Trainer

    def __init__(
        self,
        trainer: Trainer,
        corpus: Corpus,
        lines: dict[int, float],
        folder: Path | None,
        terms: Terms | None = None,
    ) -> None:
        from engines.gpt_training.pen import Pen

        super().__init__(trainer, Doctor(), folder, partial(best_choice, trainer.config, corpus, trainer.device))
        self.corpus, self.lines = corpus, lines
        self.terms, self.budget = terms, Budget(trainer, terms)
        self.pen = Pen(self.config, corpus)
        self.held_out = math.nan
        self.test()
        self.scores: dict[str, float] = {}
        self.copied = ""

    def events(self) -> Events:
        """All events of the run; see `train`."""
        asked = yield from self.budget.timed(super().events())
        if self.terms and not asked:
            yield from each(self._final())

    def jobs(self) -> Jobs:
        """See OneNetRun."""
        now = self.budget.now
        return [
            (Clock(2.0, SHARE, now=now), self._test),
            (Clock(0.25, now=now), self._report),
            (Clock(1.5, SHARE, now=now), self._write),
            (Clock(3.0, SHARE, now=now), self._score),
            (Clock(1.0, now=now), self._examine),
            (Clock(2.0, SHARE, now=now), self._keep),
        ]

    def first(self) -> Sequence[Part]:
        """See OneNetRun."""
        return self._write, self._keep

    def last(self, jobs: Jobs, stopped: bool) -> Sequence[Part]:
        """See OneNetRun; what was not stopped is tested thoroughly."""
        if not stopped:
            self.test(THOROUGH)
        return super().last(jobs, stopped)[1:]

    def _over(self) -> bool:
        return self.budget.over()

    def _memory(self) -> dict[str, Any]:
        return {**super()._memory(), "characters": sum(map(len, self.corpus.train_texts))}

    def _recall(self, memory: dict[str, Any]) -> None:
        super()._recall(memory)
        self.test()

    def test(self, tokens: int = QUICK) -> tuple[np.ndarray, np.ndarray]:
        """Measures the held-out loss on so many tokens; returns nats and characters by place in a piece."""
        nats, characters = self.trainer.by_place(max(1, tokens // self.trainer.length))
        self.held_out = float(nats.sum() / max(1.0, characters.sum()))
        return nats, characters

    def _test(self) -> Job:
        """The held-out loss, and where in a piece it comes from."""
        nats, characters = self.test()
        if self.config.data == POEMS and self.config.model != MASKED:
            places = [i for i, count in enumerate(characters) if count]
            values = tuple(float(nats[i] / characters[i]) for i in places)
            yield Bars("Loss by place in the poem", tuple(str(i + 1) for i in places), values, "nats")

    def _report(self) -> Job:
        """Losses and progress."""
        if not self.read(self.held_out):
            return
        lines = {f"{order}-gram": nats for order, nats in self.lines.items()}
        yield Metrics(self.step, {"Training": self.signals["Training"], "Held-out": self.held_out, **lines})
        counts = {"{n} pieces of text": self.step * self.config.batch}
        yield Progress(self.step, self.budget.steps, counts)

    def _write(self) -> Job:
        """What it writes from the fixed starts, or fills into the fixed gaps."""
        with self.trainer.resting() as net:
            yield Written(self.step, *self.pen.show(net))

    def _score(self) -> Job:
        """How good what it writes is, from chance as it is now."""
        with self.trainer.resting() as net:
            self.scores, self.copied = self.pen.examine(net, seed=self.step)
        yield Metrics(self.step, self.scores, "scores")
        if self.config.model != MASKED:
            yield Metrics(self.step, {"Longest copied run": len(self.copied)}, "copies")

    def _examine(self) -> Job:
        """The diagnosis."""
        if not self.signals:
            return
        seen = self.signals["Training"], self.held_out, self.lines, self.scores, self.copied
        yield self.doctor.examine(self.config, Exam(self.step, *seen, of=self.budget.steps))

    def _final(self) -> Job:
        """The exam at the end of a race, several times, so that one sees what chance does to it."""
        yield Caption(FINAL, self._said_of_final())
        for number in range(self.terms.exams):
            with self.trainer.resting() as net:
                scores, _ = self.pen.examine(net, seed=EXAM_SEED + number)
            held_out = self.trainer.held_out_part(number, self.terms.exams)
            if (yield Metrics(self.step, {"Held-out": held_out, **scores}, FINAL)):
                return

    def _said_of_final(self) -> Message:
        """What the exam is; of a masked model another sentence, since its loss is of other questions."""
        if self.config.model == MASKED:
            return Message(
                "The exam at the end: {count} times, of another part of the held-out text and other gaps.",
                count=self.terms.exams,
            )
        return Message(
            "The exam at the end: {count} times, of another part of the held-out text and newly written texts.",
            count=self.terms.exams,
        )

    def _keep(self) -> Job:
        """The model as it is now."""
        facts = {**self.corpus.vocabulary.to_facts(), "length": self.trainer.length}
        yield Weights(self.step, self.trainer.weights(), facts, lasting=True)
