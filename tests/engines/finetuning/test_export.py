"""What is taken home loads with plain transformers or a short script, and says what it is."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from engines.finetuning.classifier import Classifier
from engines.finetuning.config import RECIPES, FinetuningConfig
from engines.finetuning.engine import finetune
from engines.finetuning.export import export_zip, loading_code, script_text
from engines.finetuning.report import class_report
from engines.finetuning.space import classifier_space
from engines.messages import EngineError
from engines.running.events import Evaluation
from tests.alone import run_alone
from tests.fakes import FULL_DISK
from tests.spaces import said_by
from tests.spaces import unpacked as space
from tests.tiny_texts import save_encoder, save_table

TEXTS = FinetuningConfig(dataset="own_texts", epochs=4, batch=8, lr=5e-3, max_length=24, seed=1)
PICTURES = FinetuningConfig(dataset="fashion_mnist", model="small_cnn", rows=200, epochs=1, seed=1)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the runs "full", "lora" and "pictures"."""
    place = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_CACHE", str(place))
        save_encoder(place)
        table = save_table(place / "reviews.csv")
        for method in ("full", "lora"):
            last_evaluation(finetune(replace(TEXTS, method=method), place / method, [table]))
        last_evaluation(finetune(PICTURES, place / "pictures"))
    return place


def last_evaluation(events):
    return [event for event in events if isinstance(event, Evaluation)][-1]


def made_up_scores():
    test = Evaluation("test", ("bad", "good|odd"), ("a",), np.array([1]), np.array([[0.2, 0.8]], np.float32))
    report = class_report(test)
    rows = [vars(row) for row in report.rows]
    return {"accuracy": {"before": 0.5, "test": 1.0}, "macro_f1": report.macro_f1, "report": rows}


def unpacked(run, config, folder):
    export_zip(run, config, made_up_scores(), folder / "classifier.zip")
    with zipfile.ZipFile(folder / "classifier.zip") as archive:
        archive.extractall(folder / "classifier")
    return folder / "classifier"


@pytest.mark.slow
@pytest.mark.parametrize("method", ["full", "lora"])
def test_plain_transformers_give_the_same_probabilities(method, place, tmp_path):
    folder = unpacked(place / method, replace(TEXTS, method=method), tmp_path)
    texts = ["the film was superb and great", "boring and dire", "word " * 100]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    inputs = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
    with torch.inference_mode():
        found = model(**inputs).logits.softmax(-1).numpy()
    assert inputs["input_ids"].shape[1] == 24, "cut where the run cut"
    assert np.allclose(found, Classifier.load(place / method).predict(texts), atol=1e-6)
    assert model.config.id2label == {0: "bad", 1: "good"}
    assert {path.suffix for path in folder.iterdir()} <= {".safetensors", ".json", ".md", ".py", ".txt"}
    assert not any("lora" in name for name in model.state_dict())


@pytest.mark.slow
def test_the_code_that_is_shown_works(place, tmp_path):
    unpacked(place / "full", TEXTS, tmp_path)
    code = loading_code(pictures=False).replace("a text", "superb and great")
    assert run_alone(["-c", code], tmp_path).split()[0] == "good"


@pytest.mark.slow
def test_the_model_card_says_data_scores_and_settings(place, tmp_path):
    card = (unpacked(place / "full", TEXTS, tmp_path) / "README.md").read_text("utf-8")
    assert "base_model: sentence-transformers/all-MiniLM-L6-v2" in card
    assert "84 examples to learn from, 12 to validate, 24 to test" in card
    assert "| good\\|odd | 1.000 |" in card
    assert "- accuracy, test: 1.000" in card
    assert "- lr: 0.005" in card
    assert "AutoModelForSequenceClassification" in card


@pytest.mark.slow
def test_exported_pictures_load_with_their_script(place, tmp_path):
    folder = unpacked(place / "pictures", PICTURES, tmp_path)
    picture = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)
    Image.fromarray(picture).save(tmp_path / "picture.png")
    said = run_alone([folder / "load.py", "picture.png"], tmp_path)
    expected = Classifier.load(place / "pictures").predict(picture[None, :, :, None])[0]
    name, share = said.strip().rsplit(" ", 1)
    assert name.endswith(json.loads((folder / "picture_model.json").read_text())["label_names"][expected.argmax()])
    assert float(share) == pytest.approx(expected.max(), abs=1e-3)
    run_alone(["-c", loading_code(pictures=True)], folder)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["resnet18", "mobilenet"])
def test_torchvisions_networks_load_with_the_script(model, tmp_path):
    from engines.finetuning.nets.pictures import PictureNet
    from engines.finetuning.scripts import PICTURE_LOADING_CODE

    PictureNet(model, 28, 1, ("a", "b")).save(tmp_path)
    (tmp_path / "load.py").write_text(PICTURE_LOADING_CODE, "utf-8")
    picture = np.random.default_rng(0).integers(0, 256, (1, 28, 28, 1), np.uint8)
    np.save(tmp_path / "picture.npy", picture)
    code = "import numpy, load; print(load.predict(numpy.load('picture.npy'))[0].tolist())"
    assert json.loads(run_alone(["-c", code], tmp_path)) == pytest.approx(
        Classifier.load(tmp_path).predict(picture)[0].tolist(), abs=1e-4
    )


def test_without_a_model_there_is_nothing_to_take_home(tmp_path):
    with pytest.raises(EngineError, match="has no trained model"):
        export_zip(tmp_path, TEXTS, {}, tmp_path / "classifier.zip")


@pytest.mark.slow
def test_a_full_disk_leaves_no_half_written_file(place, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise FULL_DISK

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(EngineError, match="could not be saved: No space left on device"):
        export_zip(place / "full", TEXTS, {}, tmp_path / "classifier.zip")
    assert not (tmp_path / "classifier.zip").exists()


CONFIGS = {name: FinetuningConfig(**recipe.values, seed=1) for name, recipe in RECIPES.items()}
CONFIGS["mlm"] = FinetuningConfig(mlm=True, seed=1)
CONFIGS["resnet18"] = FinetuningConfig(dataset="own_pictures", model="resnet18", seed=1)
CONFIGS["mobilenet"] = FinetuningConfig(dataset="own_pictures", model="mobilenet", method="frozen", seed=1)
CONFIGS["odd names"] = FinetuningConfig(dataset="own_texts", text_column='a "b"\\', label_column="c'", seed=1)


@pytest.mark.parametrize("name", CONFIGS)
def test_every_script_is_valid_python(name):
    text = script_text(CONFIGS[name])
    compile(text, name, "exec")
    assert "$" not in text
    assert max(map(len, text.splitlines())) <= 119


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"method": "lora", "mlm": True}, {"adversarial": True}, {"method": "frozen"}])
def test_a_script_runs_and_learns(options, place, tmp_path):
    config = replace(TEXTS, **options)
    text = script_text(config).replace(
        "sentence-transformers/all-MiniLM-L6-v2", str(place / "models" / "all-MiniLM-L6-v2")
    )
    (tmp_path / "train.py").write_text(text, "utf-8")
    last = run_alone(["train.py", place / "reviews.csv"], tmp_path).strip().splitlines()[-1]
    assert last.startswith("epoch 4: ")
    assert float(last.split()[2].rstrip("%")) > 60
    AutoModelForSequenceClassification.from_pretrained(tmp_path / "classifier")


@pytest.mark.slow
def test_the_picture_script_runs(tmp_path):
    draw = np.random.default_rng(0)
    for name, brightness in (("dark", 0), ("light", 155)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(20):
            picture = Image.fromarray(draw.integers(brightness, brightness + 100, (32, 32, 3)).astype(np.uint8))
            picture.save(tmp_path / "data" / name / f"{i}.png")
    config = FinetuningConfig(dataset="own_pictures", model="small_cnn", epochs=3, batch=8, lr=3e-3, seed=1)
    (tmp_path / "train.py").write_text(script_text(config), "utf-8")
    run_alone(["train.py", "data"], tmp_path)
    assert (tmp_path / "classifier.pt").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "config", "asked"),
    [
        ("full", TEXTS, "app.classify('the film was superb')"),
        ("pictures", PICTURES, "app.classify(app.Image.new('RGB', (40, 40)))"),
    ],
)
def test_a_classifier_becomes_a_page_of_its_own(run, config, asked, place, tmp_path):
    files = classifier_space(place / run, config, made_up_scores())
    shares = said_by(space(files, tmp_path), asked)
    assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    assert "macro F1" in files["README.md"].decode()
