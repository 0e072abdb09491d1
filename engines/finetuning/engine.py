"""Fine-tunes a classifier and tells what happens: a generator from a FinetuningConfig to events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engines.catalog import ENCODERS
from engines.finetuning.config import CHARACTER_MODEL, CHINESE_MODEL, ENCODER_IDS, FinetuningConfig
from engines.finetuning.data.examples import run_examples
from engines.finetuning.diagnosis import rate_too_high
from engines.messages import EngineError, Message
from engines.running.events import Caption, Events, Note
from engines.running.workers.zero_gpu import TRAINING, on_gpu
from engines.weights import Stopped, fetch, in_background, out_of_reach


def within_reach(config: FinetuningConfig) -> tuple[FinetuningConfig, Caption | None]:
    """The config, and None; where its model reads Chinese and can't be had now, another that can, and why.

    The hub may take a few seconds to answer, or not to.
    """
    reason = out_of_reach(ENCODERS[ENCODER_IDS[CHINESE_MODEL]]) if config.model == CHINESE_MODEL else None
    if reason is None:
        return config, None
    titles = config.knobs()["model"].choices
    told = Message(
        "{model} can't be fetched now, so this run trains “{other}” in its place: a small network that begins with"
        " nothing and counts characters. {reason}",
        model=Message(titles[CHINESE_MODEL]),
        other=Message(titles[CHARACTER_MODEL]),
        reason=reason,
    )
    return config.without_download(), Caption("instead", told)


def _fetch(config: FinetuningConfig, folder: Path, uploads: Sequence[str] = (), base: Path | None = None) -> Events:
    """The files of the text encoder that it needs; None if told to stop."""
    return base or config.pictures or config.from_characters or (yield from fetch(ENCODERS[ENCODER_IDS[config.model]]))


@on_gpu(TRAINING, ready=_fetch)
def finetune(config: FinetuningConfig, folder: Path, uploads: Sequence[str] = (), base: Path | None = None) -> Events:
    """Fine-tune on the config's dataset or the upload; with `base`, an ended run's folder, go on from its model.

    Yields Note and Download until all is loaded, Caption where a number needs words, an Evaluation "before" (with a
    base, also "old_before"), Resumed if it goes on from a checkpoint, then Progress and Metrics ("training", and
    "mlm" in a warm-up) four times a second, Metrics ("validation") and a Verdict about nine times a run, and in the
    end Evaluations "test" ("old_after").
    `folder` is the run's own: the best model lies in its "best", the examples in data.json or data.npz, and
    in "checkpoint" what a run that was stopped or killed goes on from when it is started again in that folder,
    with the same result as if it had never ended. Raises ConfigError for data that nothing can be learnt from,
    EngineError when a loss is not finite any more, the model cannot be had, or the disk is full.
    """
    yield Note(Message("Loading PyTorch"))
    from engines.device import pick_device, release_memory
    from engines.finetuning.characters.learner import CharLearner
    from engines.finetuning.learning.lanes import Lanes
    from engines.finetuning.learning.picture_learner import PictureLearner
    from engines.finetuning.learning.text_learner import TextLearner
    from engines.finetuning.learning.tuning import Diverged, Tuning

    config, lanes = config.with_seed(), None
    try:
        note = Note(Message("Loading the examples"))
        kept = yield from in_background(lambda: run_examples(config, folder, uploads, base), note)
        device = pick_device()
        lanes = Lanes(device, side_by_side=not config.pictures)  # batch norms may not be updated by two at once
        kind = PictureLearner if config.pictures else CharLearner if config.from_characters else TextLearner
        learner = kind(config, kept.examples, lanes, device)
        yield from Tuning(config, folder, kept.base, learner).events()
        del learner
    except Stopped:
        return
    except Diverged as problem:
        yield rate_too_high(Message("A loss is not a number any more."))
        raise EngineError(
            "At step {step} the loss was not a number any more: the training has diverged. Lower the learning rate"
            " and start again; the best model until then is kept.",
            step=problem.step,
        ) from problem
    finally:
        if lanes:
            lanes.close()
        release_memory()
