"""A trained classifier in use: probabilities, words that mattered, and a few of them shared by many threads."""

import threading

import numpy as np
import pytest

from engines.finetuning.classifier import Classifier, Classifiers
from engines.finetuning.config import FinetuningConfig
from engines.finetuning.engine import finetune
from engines.messages import EngineError
from engines.running.events import Evaluation
from tests.tiny_texts import save_encoder, save_table

CONFIG = FinetuningConfig(dataset="own_texts", epochs=5, batch=8, lr=5e-3, max_length=24, seed=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(the folder of a run, its test evaluation)."""
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_CACHE", str(place))
        save_encoder(place)
        events = list(finetune(CONFIG, place / "run", [save_table(place / "reviews.csv")]))
    return place / "run", [event for event in events if isinstance(event, Evaluation)][-1]


def test_probabilities_are_those_of_the_run(trained):
    folder, test = trained
    classifier = Classifier.load(folder)
    found = classifier.predict(test.rows)
    assert classifier.label_names == ("bad", "good")
    assert found.dtype == np.float32
    assert np.allclose(found.sum(1), 1, atol=1e-5)
    assert np.allclose(found, test.probabilities, atol=0.05)
    assert np.allclose(classifier.predict(test.rows[:1]), found[:1], atol=1e-5), "alone and together"
    assert classifier.predict([]).shape == (0, 2)
    assert classifier.predict(["", "word " * 500]).shape == (2, 2)


def test_the_telling_words_are_found(trained):
    classifier = Classifier.load(trained[0])
    text = "the film was awful, boring and  dire"
    pieces = classifier.explain(text)
    assert "".join(piece for piece, _ in pieces) == text
    weights = {piece.strip(): weight for piece, weight in pieces}
    assert max(map(abs, weights.values())) == pytest.approx(1)
    telling = weights["awful,"] + weights["boring"] + weights["dire"]
    assert telling > weights["the"] + weights["film"] + weights["was"] + weights["and"]
    assert classifier.explain("") == []
    assert classifier.explain("   ") == []


def test_a_text_that_is_cut_and_one_without_spaces_are_explained_too(trained):
    classifier = Classifier.load(trained[0])
    long = "superb " + "the film was great and " * 50
    pieces = classifier.explain(long)
    assert "".join(piece for piece, _ in pieces) == long
    assert pieces[-1][1] == 0, "what was cut off has no say"
    assert [piece for piece, _ in classifier.explain("很好 good")] == ["很", "好 ", "good"]


def test_few_are_kept_and_any_thread_may_ask(trained, tmp_path):
    folder, test = trained
    classifiers = Classifiers(kept=2)
    expected = classifiers.predict(folder, test.rows)
    found = []
    threads = [threading.Thread(target=lambda: found.append(classifiers.predict(folder, test.rows))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(one, expected) for one in found)
    copies = []
    for name in "abc":
        copies.append(tmp_path / name)
        copies[-1].symlink_to(folder)
        assert classifiers.label_names(copies[-1]) == ("bad", "good")
    assert len(classifiers._loaded) == 2
    assert classifiers.explain(copies[0], "great film")
    classifiers.close()
    assert not classifiers._loaded


def test_a_run_that_found_a_better_model_is_read_anew(trained, tmp_path):
    import os
    import shutil

    shutil.copytree(trained[0], tmp_path / "run")
    classifiers = Classifiers()
    classifiers.predict(tmp_path / "run", ["great"])
    first = next(iter(classifiers._loaded.values()))[0]
    os.utime(tmp_path / "run" / "best" / "model.safetensors", (1, 1))
    classifiers.predict(tmp_path / "run", ["great"])
    assert next(iter(classifiers._loaded.values()))[0] is not first
    assert len(classifiers._loaded) == 1


def test_a_run_without_a_model_is_said_in_one_sentence(tmp_path):
    with pytest.raises(EngineError, match="has no trained model"):
        Classifier.load(tmp_path)
    with pytest.raises(EngineError, match="has no trained model"):
        Classifiers().predict(tmp_path / "gone", ["text"])


def test_pictures_of_another_size_and_kind_are_classified(tmp_path):
    config = FinetuningConfig(dataset="fashion_mnist", model="small_cnn", rows=200, epochs=1, seed=1)
    for _ in finetune(config, tmp_path / "run"):
        pass
    classifier = Classifier.load(tmp_path / "run")
    colour = np.random.default_rng(0).integers(0, 256, (3, 50, 50, 3), np.uint8)
    assert classifier.predict(colour).shape == (3, 10)
    assert classifier.predict(colour[:0]).shape == (0, 10)
    with pytest.raises(EngineError, match="Only texts"):
        classifier.explain("text")
