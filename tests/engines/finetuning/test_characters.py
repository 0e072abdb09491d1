"""A classifier over character n-grams: learns Chinese without a download, and leaves with code that runs."""

import csv
import zipfile

import pytest

from engines.finetuning.characters.net import BUCKETS, marked, ngrams
from engines.finetuning.classifier import Classifier
from engines.finetuning.config import RECIPES, FinetuningConfig
from engines.finetuning.data.datasets import load_text_dataset
from engines.finetuning.engine import finetune
from engines.finetuning.export import export_zip, script_text
from engines.running.events import Evaluation
from tests.alone import run_alone

CONFIG = FinetuningConfig(**RECIPES["intents_zh"].values, seed=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """(the folder of a run of the Chinese recipe, its evaluations)."""
    folder = tmp_path_factory.mktemp("characters") / "run"
    return folder, {event.name: event for event in finetune(CONFIG, folder) if isinstance(event, Evaluation)}


@pytest.mark.parametrize("text", ["我的包裹在哪里？", "Ｗｈｅｒｅ is it", "", "  ", "👩‍👩‍👧", "a" * 5000])
def test_any_text_has_its_pieces(text):
    found = ngrams(text, 48)
    assert len(found) <= 2 * 50
    assert all(0 <= bucket < BUCKETS for bucket in found)
    assert marked([found]).sum() == len(found)


def test_wide_and_capital_letters_are_the_same():
    assert ngrams("ＡＢＣ", 48) == ngrams("abc", 48)


def test_the_chinese_recipe_needs_no_download_and_beats_guessing_by_far(trained):
    evaluations = trained[1]
    assert evaluations["before"].accuracy == pytest.approx(1 / 12, abs=0.02)
    assert evaluations["test"].accuracy > 0.3  # 0.47 here; 0.44 to 0.53 over three seeds


def test_its_words_are_explained(trained):
    pieces = Classifier.load(trained[0]).explain("我想退款")
    assert [piece for piece, _ in pieces] == list("我想退款")
    assert max(abs(weight) for _, weight in pieces) == pytest.approx(1)


@pytest.mark.slow
def test_what_one_takes_home_runs(trained, tmp_path):
    folder, evaluations = trained
    export_zip(folder, CONFIG, {}, tmp_path / "model.zip")
    zipfile.ZipFile(tmp_path / "model.zip").extractall(tmp_path)
    said = run_alone(["load.py", evaluations["test"].rows[0]], tmp_path)
    name = evaluations["test"].label_names[int(evaluations["test"].predicted[0])]
    assert said.startswith(name)


@pytest.mark.slow
def test_its_script_learns_too(tmp_path):
    data = load_text_dataset("intents_zh")
    with (tmp_path / "data.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        writer.writerows(zip(data.texts, (data.label_names[i] for i in data.labels), strict=True))
    (tmp_path / "train.py").write_text(script_text(CONFIG), "utf-8")
    said = run_alone(["train.py"], tmp_path)
    assert float(said.rsplit(" ", 1)[1]) > 0.3
