"""One fine-tuning run from the model's files to the test, as events."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import numpy as np

from engines.device.cores import Neighbours
from engines.finetuning.classifier import BEST
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.data.examples import Examples, kept_examples
from engines.finetuning.diagnosis import Doctor, Exam
from engines.finetuning.learning.checkpoint import drop_checkpoint, load_checkpoint
from engines.finetuning.learning.keeper import Keeper, patiently, patiently_finish
from engines.finetuning.learning.learner import Learner, finish
from engines.finetuning.learning.pace import choose_how
from engines.finetuning.learning.training import Trainer, cross_entropy, softmax
from engines.messages import EngineError, Message
from engines.running.clock import Clock
from engines.running.events import Caption, Evaluation, Event, Events, Metrics, Note, Progress, Resumed
from engines.weights import Stopped, in_background

EVALUATIONS = 9  # validations in a run
BEAT = 0.25  # seconds between reports


class Diverged(Exception):
    """A loss is not finite; `step` says when."""

    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


class Tuning:
    """One run from the model's files to the test."""

    def __init__(self, config: FinetuningConfig, folder: Path, base: Path | None, learner: Learner) -> None:
        self.config, self.folder, self.base = config, folder, base
        self.learner, self.examples = learner, learner.examples
        self.doctor = _doctor(self.examples)
        self.keeper = Keeper(config, folder, learner)
        self.state = self.keeper.state
        self.warm_up_steps = self.steps_in_all = 0
        self.signals: dict[str, float] = {}
        self.reporting = Clock(BEAT, share=1.0)
        self.neighbours = Neighbours()

    def events(self) -> Events:
        """All events of the run; see `finetune`."""
        learner = self.learner
        yield from learner.load(_best_of(self.base))
        yield from self._before()
        found = load_checkpoint(self.folder, self.config)
        if found is None or self.config.method == "frozen":  # else its weights are behind the warm-up
            yield from self._warm_up()
        yield from learner.prepare()
        yield from choose_how(learner, self.neighbours, found and found[1].get("computed"))
        trainer = learner.trainer()
        self.steps_in_all = self.warm_up_steps + trainer.total
        if found:
            self.keeper.load(trainer, *found)
            self.doctor.recall(self.state["doctor"])
            yield Resumed(trainer.steps, apart=("mlm",))
        try:
            stopped = yield from self._train(trainer)
        except Diverged:
            yield from self.keeper.keep_best(trainer)
            raise
        if stopped and trainer.steps:
            yield from self.keeper.keep_checkpoint(trainer)
            if not self.keeper.has_best:  # what was learnt is kept; a run that goes on does not know of it
                yield from self._validate(trainer)
                yield from self.keeper.keep_best(trainer)
        else:
            yield from self.keeper.keep_best(trainer)
            drop_checkpoint(self.folder)
        del trainer
        if self.keeper.has_best:
            yield from self._test()

    # --- before ---------------------------------------------------------------------------------------------

    def _before(self) -> Events:
        """What is guessed on the test rows without any training, or by the model that is gone on from."""
        if self.base is None:
            rows = self.examples.parts.test
            yield self._evaluation("before", rows, (yield from self.learner.guess()))
            return
        known = len(kept_examples(self.base).examples.label_names)
        yield Caption("before", Message("Before: the model as it was when this run began to go on from it."))
        worker, note = self.learner.worker(), Note(Message("Asking the model as it was"))
        for name, rows in (("before", self.examples.parts.test), ("old_before", self.examples.old_test)):
            logits = yield from finish(worker.logits(rows), note)
            logits[:, known:] = -np.inf  # classes it has never heard of
            yield self._evaluation(name, rows, softmax(logits))

    def _evaluation(self, name: str, rows: np.ndarray, probabilities: np.ndarray) -> Evaluation:
        examples = self.examples
        return Evaluation(
            name, examples.label_names, examples.titles(rows), examples.labels[rows], probabilities.astype(np.float32)
        )

    def _warm_up(self) -> Events:
        """The masked-word warm-up, where one is wanted."""
        if not self.config.mlm:
            return
        note = Note(Message("Preparing to guess hidden words"))
        trainer = yield from in_background(self.learner.masked_trainer, note)
        yield Caption("mlm", self.learner.describe_warm_up())
        per_epoch = trainer.total // self.config.mlm_epochs
        self.steps_in_all = trainer.total + per_epoch * self.config.epochs
        while trainer.steps < trainer.total:
            if (yield from self._step(trainer, self._report_warm_up)):
                raise Stopped
        yield from _each(self._report_warm_up(trainer))
        self.warm_up_steps, self.signals = trainer.total, {}
        self.learner.absorb()

    # --- training -------------------------------------------------------------------------------------------

    def _train(self, trainer: Trainer) -> Generator[Event, bool, bool]:
        """Steps and validations to the end; returns whether it was stopped by the person."""
        every = math.ceil(trainer.total / EVALUATIONS)
        while True:
            due = trainer.steps and (trainer.steps % every == 0 or trainer.steps == trainer.total)
            if due and self.state["validated"] != trainer.steps and (yield from self._validate(trainer)):
                return True
            if 0 < self.config.patience <= self.state["waited"]:
                waited = Message(
                    "Ended early: {count} validations in a row were no better than the best.",
                    count=self.state["waited"],
                )
                yield Caption("validation", waited)
                return False
            if trainer.steps == trainer.total:
                return False
            if (yield from self._step(trainer, self._report)):
                return True
            yield from self.keeper.keep_checkpoint_in_time(trainer)

    def _step(self, trainer: Trainer, report: Callable[[Trainer], list[Event]]) -> Generator[Event, bool, bool]:
        """One step; returns whether a stop was asked for, in which case the step may not have been taken."""
        for parts in trainer.rounds():
            trainer.accumulate(parts)
            if self.reporting.due():
                events = report(trainer)
                self.reporting.done()  # before the yield, which may be a long pause
                if (yield from _each(events)):
                    trainer.abandon()
                    return True
        trainer.apply()
        return False

    def _report(self, trainer: Trainer) -> list[Event]:
        """Loss, accuracy and progress."""
        return self._reported(trainer, "training", "Loss", self.warm_up_steps)

    def _report_warm_up(self, trainer: Trainer) -> list[Event]:
        return self._reported(trainer, "mlm", "MLM loss", 0)

    def _reported(self, trainer: Trainer, group: str, name: str, done: int) -> list[Event]:
        progress = Progress(done + trainer.steps, self.steps_in_all, {"{n} examples": trainer.seen})
        signals = trainer.signals()
        if not all(map(math.isfinite, signals.values())):
            raise Diverged(trainer.steps + 1)
        if not signals:  # a run that has just been gone on with
            return [progress]
        self.signals = signals
        values = {name: signals["Loss"]} | ({} if group == "mlm" else {"Accuracy": signals["Accuracy"]})
        return [Metrics(trainer.steps, values, group), progress]

    def _validate(self, trainer: Trainer) -> Generator[Event, bool, bool]:
        """Look at the validation rows and keep the model if it is the best; returns whether to stop.

        A stop does not wait for the end of it, unless nothing was kept yet.
        """
        rows, stop, logits = self.examples.parts.validation, False, None
        progress = self._report(trainer)
        for logits in trainer.logits(rows):
            if logits is None and self.reporting.due():
                self.reporting.done()
                stop = (yield progress[-1]) or stop
                if stop and self.keeper.has_best:
                    return True
        truth, learnt = self.examples.labels[rows], (self.signals.get("Accuracy", 0.0), self.signals.get("Loss", 0.0))
        accuracy, loss = learnt
        if len(rows):
            accuracy, loss = float((logits.argmax(1) == truth).mean()), cross_entropy(logits, truth)
        if not math.isfinite(loss):
            raise Diverged(trainer.steps)
        if better((accuracy, loss), self.state["best"], len(rows)):
            self.state |= {"best": [accuracy, loss], "waited": 0}
            yield from self.keeper.found_best(trainer)
        else:
            self.state["waited"] += 1
        self.state["validated"] = trainer.steps
        exam = Exam(trainer.steps / trainer.total, learnt[1], learnt[0], loss, accuracy)
        values = {"Loss": loss, "Accuracy": accuracy}
        verdict = self.doctor.examine(exam)
        self.state["doctor"] = self.doctor.memory()
        news = [*progress, Metrics(trainer.steps, values, "validation"), verdict]
        return (yield from _each(news)) or stop

    # --- after ----------------------------------------------------------------------------------------------

    def _test(self) -> Events:
        """What the best model, as it was saved, makes of the test rows."""
        note = Note(Message("Testing the best model"))
        worker = yield from patiently(lambda: self.learner.saved_worker(self.folder / BEST), note)
        for name, rows in (("test", self.examples.parts.test), ("old_after", self.examples.old_test)):
            if len(rows):
                logits = yield from patiently_finish(worker.logits(rows), note)
                found = self._evaluation(name, rows, softmax(logits))
                yield found
                right = int((found.predicted == found.truth).sum())
                if name == "test" and (verdict := self.doctor.conclude(right, len(rows))):
                    yield verdict


def _doctor(examples: Examples) -> Doctor:
    """Who knows how many rows there are to judge from."""
    parts = examples.parts
    majority = max(examples.majority(parts.validation), examples.majority(parts.test))
    return Doctor(len(examples.label_names), majority, len(parts.train), len(parts.validation))


def better(new: Sequence[float], best: Sequence[float], rows: int) -> bool:
    """Whether one (validation accuracy, loss) beats the best so far.

    It does with a higher accuracy, or with a lower loss at an accuracy that is no more than one standard error lower:
    on few rows the loss says more (after the one-standard-error rule of Breiman et al. 1984, section 3.4).
    """
    error = math.sqrt(best[0] * (1 - best[0]) / max(1, rows)) if 0 < best[0] < 1 else 0.0
    return new[0] > best[0] or (new[0] >= best[0] - error and new[1] < best[1])


def _best_of(base: Path | None) -> Path | None:
    """The folder of the model to go on from."""
    if base is not None and not (base / BEST).is_dir():
        raise EngineError("The run to continue has no trained model; choose another one.")
    return base and base / BEST


def _each(events: Sequence[Event]) -> Generator[Event, bool, bool]:
    """Yields all the events; returns whether a stop was asked for."""
    stop = False
    for event in events:
        stop = (yield event) or stop
    return stop
