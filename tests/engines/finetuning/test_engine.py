"""Whole runs of the fine-tuning engine on the CPU, with tiny models and made-up reviews."""

import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import load_file

from engines.finetuning.classifier import Classifier
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.engine import finetune
from engines.finetuning.learning import checkpoint, tuning
from engines.finetuning.learning.training import Trainer
from engines.messages import ConfigError, EngineError
from engines.running.events import Caption, Evaluation, Metrics, Note, Progress, Resumed, Verdict
from tests.fakes import FULL_DISK
from tests.tiny_texts import save_encoder, save_table

SMALL = FinetuningConfig(dataset="own_texts", epochs=6, batch=8, lr=5e-3, max_length=24, seed=1)


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    place = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("AIGC_CACHE", str(place))
    save_encoder(place)
    return place


@pytest.fixture
def table(tmp_path):
    return save_table(tmp_path / "reviews.csv")


def run(config, folder, uploads=(), base=None, stop_at=None):
    """All events; from the first event for which `stop_at` is true a stop is asked for."""
    events, stop = [], None
    running = finetune(config, folder, uploads, base)
    while True:
        try:
            event = running.send(stop)
        except StopIteration:
            return events
        events.append(event)
        stop = bool(stop or (stop_at and stop_at(event)))


def of(events, kind, group=None):
    return [event for event in events if isinstance(event, kind) and group in (None, getattr(event, "group", None))]


def evaluations(events):
    return {event.name: event for event in of(events, Evaluation)}


def best_weights(folder):
    return load_file(folder / "best" / "model.safetensors")


def at_step(step):
    return lambda event: isinstance(event, Progress) and event.step >= step


@pytest.mark.slow
def test_a_run_tells_all_that_a_page_shows(tmp_path, table):
    events = run(SMALL, tmp_path / "run", [table])
    assert of(events, Note)
    assert set(of(events, Metrics, "training")[-1].values) == {"Loss", "Accuracy"}
    validation = of(events, Metrics, "validation")
    assert 6 <= len(validation) <= 11
    assert set(validation[-1].values) == {"Loss", "Accuracy"}
    assert of(events, Verdict)[-1].state == "healthy"
    progress = of(events, Progress)[-1]
    assert progress.step == progress.total == 6 * math.ceil(84 / 8)
    assert progress.counts == {"{n} examples": 6 * 84}
    found = evaluations(events)
    assert list(found) == ["before", "test"]
    assert found["before"].rows == found["test"].rows
    assert found["test"].label_names == ("bad", "good")
    assert found["test"].probabilities.shape == (24, 2)
    assert found["test"].probabilities.dtype == np.float32
    assert np.allclose(found["test"].probabilities.sum(1), 1, atol=1e-5)
    assert found["test"].truth.dtype == np.int64
    assert found["test"].accuracy > 0.9
    assert any("label whose name is most like" in caption.message for caption in of(events, Caption))
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["best", "data.json"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"method": "full"},
        {"method": "lora"},
        {"method": "frozen", "lr": 1e-2, "epochs": 12},
        {"adversarial": True},
        {"mlm": True, "mlm_epochs": 3},
    ],
    ids=lambda options: "-".join(map(str, options)),
)
def test_every_way_to_train_lowers_the_loss(options, tmp_path, table):
    events = run(replace(SMALL, **options), tmp_path / "run", [table])
    losses = [event.values["Loss"] for event in of(events, Metrics, "validation")]
    assert min(losses) < 0.9 * losses[0]
    test = evaluations(events)["test"]
    assert test.accuracy > 0.6
    saved = Classifier.load(tmp_path / "run")  # LoRA merged, the backbone and the head together
    assert np.allclose(saved.predict(test.rows), test.probabilities, atol=0.05)
    if options.get("mlm"):
        warm_up = [event.values["MLM loss"] for event in of(events, Metrics, "mlm")]
        assert warm_up[-1] < warm_up[0]
        assert any("no head for guessing words" in caption.message for caption in of(events, Caption))


@pytest.mark.slow
def test_distilbert_trains_too(tmp_path, table, cache):
    save_encoder(cache, "distilbert-base-uncased", distil=True)
    for method, lr, epochs in (("full", 5e-3, 6), ("lora", 5e-3, 6), ("frozen", 1e-2, 12)):
        config = replace(SMALL, model="distilbert", method=method, lr=lr, epochs=epochs, mlm=method == "full")
        found = evaluations(run(config, tmp_path / method, [table]))
        assert found["test"].accuracy > 0.6
        predicted = Classifier.load(tmp_path / method).predict(found["test"].rows)
        assert np.allclose(predicted, found["test"].probabilities, atol=0.05)


@pytest.mark.slow
def test_a_stop_in_the_first_second_ends_without_a_model(tmp_path, table):
    for number in range(3):
        events = run(SMALL, tmp_path / f"run{number}", [table], stop_at=lambda event: isinstance(event, Note))
        assert "test" not in evaluations(events)
        assert not (tmp_path / f"run{number}" / "best").exists()


@pytest.mark.slow
def test_a_stop_keeps_and_tests_what_was_learnt_so_far(tmp_path, table, monkeypatch):
    monkeypatch.setattr(tuning.Clock, "due", lambda self: True)
    events = run(replace(SMALL, epochs=50), tmp_path / "run", [table], stop_at=at_step(5))
    assert of(events, Progress)[-1].step <= 6
    assert "test" in evaluations(events)
    assert Classifier.load(tmp_path / "run").label_names == ("bad", "good")


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"method": "lora"}, {"method": "frozen", "mlm": True}, {"mlm": True}])
def test_a_stopped_run_goes_on_to_the_same_result(options, tmp_path, table, monkeypatch):
    monkeypatch.setattr(tuning.Clock, "due", lambda self: True)
    config = replace(SMALL, epochs=3, patience=0, **options)
    unbroken = evaluations(run(config, tmp_path / "unbroken", [table]))
    warm_up = 11 if config.mlm else 0
    for step in (5, 16):  # between two validations, and at one
        run(config, tmp_path / "broken", [table], stop_at=at_step(warm_up + step))
        assert (tmp_path / "broken" / "checkpoint").is_dir()
    broken = evaluations(run(config, tmp_path / "broken"))  # the upload may be gone by then
    assert np.array_equal(broken["test"].probabilities, unbroken["test"].probabilities)
    one, other = best_weights(tmp_path / "broken"), best_weights(tmp_path / "unbroken")
    assert all((one[name] == other[name]).all() for name in one)
    assert not (tmp_path / "broken" / "checkpoint").exists()


@pytest.mark.slow
def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path, table, monkeypatch):
    monkeypatch.setattr(tuning.Clock, "due", lambda self: True)
    config = replace(SMALL, epochs=3, patience=0)
    unbroken = evaluations(run(config, tmp_path / "unbroken", [table]))
    running = finetune(config, tmp_path / "killed", [table])
    for event in running:
        if at_step(20)(event):
            break
    running.close()
    events = run(config, tmp_path / "killed")
    [resumed] = of(events, Resumed)
    assert 0 < resumed.step <= 20
    assert min(event.step for event in of(events, Metrics)) >= resumed.step, "the curve goes on where it was"
    killed = evaluations(events)
    assert np.array_equal(killed["test"].probabilities, unbroken["test"].probabilities)


@pytest.mark.slow
def test_a_checkpoint_of_other_settings_is_not_used(tmp_path, table, monkeypatch):
    monkeypatch.setattr(tuning.Clock, "due", lambda self: True)
    run(SMALL, tmp_path / "run", [table], stop_at=at_step(5))
    assert checkpoint.load_checkpoint(tmp_path / "run", SMALL)
    assert checkpoint.load_checkpoint(tmp_path / "run", replace(SMALL, lr=1e-3)) is None


@pytest.mark.slow
def test_early_stopping_ends_the_run_and_keeps_the_best(tmp_path, table, monkeypatch):
    real = Trainer.apply

    def apply(self):
        if self.steps < 24:
            return real(self)
        self._gradients = []  # from here on it learns nothing
        self.steps += 1

    monkeypatch.setattr(Trainer, "apply", apply)
    events = run(replace(SMALL, patience=2), tmp_path / "run", [table])
    scores = [(e.values["Accuracy"], e.values["Loss"]) for e in of(events, Metrics, "validation")]
    best = len(scores) - 3
    assert not any(tuning.better(score, scores[best], rows=12) for score in scores[best + 1 :])
    assert of(events, Progress)[-1].step < of(events, Progress)[-1].total
    assert any("Ended early: 2 validations" in caption.message for caption in of(events, Caption))
    assert evaluations(events)["test"].accuracy > 0.9


def test_on_few_rows_the_loss_says_more_than_the_accuracy():
    assert tuning.better((0.80, 0.4), (0.82, 0.5), rows=24)
    assert not tuning.better((0.80, 0.4), (0.82, 0.5), rows=10_000)
    assert tuning.better((0.83, 0.6), (0.82, 0.5), rows=24)
    assert not tuning.better((0.82, 0.5), (0.82, 0.5), rows=24)
    assert tuning.better((0.0, 5.0), (-1.0, math.inf), rows=24)


@pytest.mark.slow
def test_a_run_goes_on_with_a_new_class_and_shows_what_it_forgets(tmp_path, table):
    run(SMALL, tmp_path / "old", [table])
    new = save_table(tmp_path / "new.csv", labels=("odd", "good"), seed=5)
    forgetting = evaluations(run(replace(SMALL, replay=0.0), tmp_path / "without", [new], tmp_path / "old"))
    assert list(forgetting) == ["before", "old_before", "test", "old_after"]
    assert forgetting["test"].label_names == ("bad", "good", "odd")
    assert forgetting["before"].probabilities[:, 2].max() == 0, "it had never heard of that class"
    assert forgetting["old_before"].rows == forgetting["old_after"].rows
    assert forgetting["old_before"].accuracy > 0.9
    assert forgetting["test"].accuracy > 0.9
    remembering = evaluations(run(replace(SMALL, replay=1.0), tmp_path / "with", [new], tmp_path / "old"))
    assert remembering["old_after"].accuracy >= max(0.9, forgetting["old_after"].accuracy)
    assert remembering["test"].accuracy > 0.9
    third = evaluations(run(SMALL, tmp_path / "third", [table], tmp_path / "with"))
    assert len(third["old_before"].rows) == 48, "the old test rows of both runs"


@pytest.mark.slow
def test_a_run_that_goes_on_is_checked_in_plain_words(tmp_path, table, cache):
    run(SMALL, tmp_path / "old", [table])
    with pytest.raises(ConfigError, match="has the model MiniLM-L6; choose that one"):
        run(replace(SMALL, model="bert"), tmp_path / "new", [table], tmp_path / "old")
    with pytest.raises(EngineError, match="has left no examples"):
        run(SMALL, tmp_path / "newer", [table], tmp_path)
    shutil.rmtree(tmp_path / "old" / "best")
    with pytest.raises(EngineError, match="has no trained model"):
        run(SMALL, tmp_path / "newest", [table], tmp_path / "old")


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_the_run_in_plain_words(tmp_path, table, monkeypatch):
    real = Trainer.signals
    monkeypatch.setattr(tuning.Clock, "due", lambda self: self.seconds < 1)  # it reports, but writes nothing yet
    monkeypatch.setattr(Trainer, "signals", lambda self: real(self) | ({"Loss": math.nan} if self.steps > 12 else {}))
    events = []
    with pytest.raises(EngineError, match="At step 14 the loss was not a number any more"):
        events.extend(finetune(SMALL, tmp_path / "run", [table]))
    assert of(events, Verdict)[-1].state == "rate_too_high"
    assert Classifier.load(tmp_path / "run"), "the best model until then is kept"


@pytest.mark.slow
def test_a_full_disk_ends_the_run_in_plain_words_and_the_last_model_stays(tmp_path, table, monkeypatch):
    from engines.finetuning.learning.text_learner import TextLearner

    monkeypatch.setattr(tuning.Clock, "due", lambda self: True)
    real, saved = TextLearner.save, []

    def save(self, folder):
        if saved:
            raise FULL_DISK
        saved.append(folder)
        real(self, folder)

    monkeypatch.setattr(TextLearner, "save", save)
    with pytest.raises(EngineError, match="The disk refused to keep the run: No space left on device"):
        run(SMALL, tmp_path / "run", [table])
    assert Classifier.load(tmp_path / "run")
    assert not (tmp_path / "run" / "best.new").exists()


@pytest.mark.slow
def test_without_room_for_a_checkpoint_the_run_goes_on(tmp_path, table, monkeypatch):
    def full(*args):
        raise FULL_DISK

    monkeypatch.setattr(tuning.Clock, "due", lambda self: True)
    monkeypatch.setattr(checkpoint, "save_file", full)
    events = run(SMALL, tmp_path / "run", [table])
    assert any("no room for a checkpoint" in caption.message for caption in of(events, Caption))
    assert evaluations(events)["test"].accuracy > 0.9
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["best", "data.json"]


def test_a_model_that_is_out_of_reach_is_said_within_seconds(tmp_path, table, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(EngineError, match="The files of DistilBERT are not to be had now"):
        run(replace(SMALL, model="distilbert"), tmp_path / "run", [table])


def test_own_data_is_asked_for(tmp_path):
    for dataset, model in (("own_texts", "minilm"), ("own_pictures", "small_cnn")):
        with pytest.raises(ConfigError, match="Choose your own file first"):
            run(FinetuningConfig(dataset=dataset, model=model), tmp_path / dataset)


def test_columns_are_taken_as_named(tmp_path, table):
    with pytest.raises(ConfigError, match="has no column comment"):
        run(replace(SMALL, text_column="comment"), tmp_path / "run", [table])


PICTURES = FinetuningConfig(dataset="fashion_mnist", model="small_cnn", rows=900, epochs=4, batch=32, lr=3e-3, seed=1)


@pytest.mark.slow
def test_pictures_train_and_are_kept_for_the_page(tmp_path):
    events = run(PICTURES, tmp_path / "run")
    found = evaluations(events)
    assert found["test"].accuracy > 0.5 > 0.2 > found["before"].accuracy
    assert any("untrained network knows nothing" in caption.message for caption in of(events, Caption))
    with np.load(tmp_path / "run" / "test_pictures.npz") as arrays:
        assert arrays["images"].shape == (len(found["test"].rows), 28, 28, 1)
        predicted = Classifier.load(tmp_path / "run").predict(arrays["images"])
    assert np.allclose(predicted, found["test"].probabilities, atol=0.05)
    assert all(row.isdigit() for row in found["test"].rows)


@pytest.mark.slow
def test_a_stopped_picture_run_goes_on_to_the_same_result(tmp_path, monkeypatch):
    monkeypatch.setattr(tuning.Clock, "due", lambda self: True)
    config = replace(PICTURES, rows=300, epochs=2, patience=0)
    unbroken = evaluations(run(config, tmp_path / "unbroken"))
    run(config, tmp_path / "broken", stop_at=at_step(8))
    broken = evaluations(run(config, tmp_path / "broken"))
    assert np.array_equal(broken["test"].probabilities, unbroken["test"].probabilities)


@pytest.mark.slow
@pytest.mark.parametrize(("model", "method"), [("mobilenet", "frozen"), ("resnet18", "full")])
def test_without_imagenet_weights_a_picture_model_starts_from_scratch(model, method, tmp_path, monkeypatch):
    from engines.finetuning.learning import torchvision_weights

    monkeypatch.setattr(torchvision_weights, "_url", lambda name: f"http://127.0.0.1:9/{name}-00000000.pth")
    config = replace(PICTURES, model=model, method=method, rows=150, epochs=1, batch=16, lr=1e-4)
    events = run(config, tmp_path / "run")
    assert any("starts from random ones" in caption.message for caption in of(events, Caption))
    test = evaluations(events)["test"]
    with np.load(tmp_path / "run" / "test_pictures.npz") as arrays:
        predicted = Classifier.load(tmp_path / "run").predict(arrays["images"])
    assert (predicted.argmax(1) == test.predicted).mean() > 0.9  # the engine's own were made in bfloat16


@pytest.mark.slow
def test_a_picture_run_goes_on_with_other_pictures(tmp_path):
    run(replace(PICTURES, rows=300, epochs=1), tmp_path / "old")
    config = replace(PICTURES, rows=300, epochs=1, seed=2, replay=0.5)
    found = evaluations(run(config, tmp_path / "new", base=tmp_path / "old"))
    assert list(found) == ["before", "old_before", "test", "old_after"]
    assert len(found["test"].label_names) == 10
