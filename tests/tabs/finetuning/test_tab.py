"""The Fine-tuning tab over its endpoints, with a tiny encoder; and that what a visitor uploads stays text."""

import csv
import json
import re
import urllib.error
import urllib.request
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from engines.finetuning.classifier import Classifiers
from engines.finetuning.config import ENGINE, FinetuningConfig
from engines.finetuning.data.tables import read_table
from engines.limits import Limits
from engines.running.board import ENDED_STATES, Board
from engines.running.events import Evaluation
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.finetuning.actions import FinetuningActions
from tabs.finetuning.data import show_texts, suit
from tabs.finetuning.pictures import like_training
from tabs.finetuning.pictures import test_pictures as kept_pictures
from tabs.finetuning.results import show_cell, show_changes, show_matrix, show_report, show_scores, text_row
from tabs.finetuning.tab import FinetuningTab
from tabs.finetuning.try_it import show_chances, show_words
from tabs.page.gate import Gate
from tabs.page.markup import speaker
from tests.fakes import wait_until
from tests.served import served
from tests.tiny_texts import save_encoder, save_table

QUICK = {"dataset": "own_texts", "epochs": 6, "batch": 8, "lr": 5e-3, "max_length": 24, "seed": 1}
NAMES = {"start", "status", "control", "results", "predict", "explain", "model", "script", "space", "tensorboard"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A client, and what it is a client of."""
    with pytest.MonkeyPatch.context() as patched:
        cache = tmp_path_factory.mktemp("cache")
        patched.setenv("AIGC_CACHE", str(cache))
        save_encoder(cache)
        runs, classifiers = Runs(), Classifiers()
        with served(runs, classifiers=classifiers) as (url, _):
            yield Client(url, verbose=False), runs
        classifiers.close()


@pytest.fixture(scope="module")
def client(site):
    return site[0]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return save_table(tmp_path_factory.mktemp("data") / "reviews.csv")


def start(client, settings, uploads=None, owner="", base=""):
    files = [handle_file(path) for path in uploads] if uploads else None
    return client.predict(settings, files, owner, base, api_name="/finetuning_start")


def wait_for_end(client, run):
    """Its status once it has ended."""

    def status():
        return client.predict(run=run, api_name="/finetuning_status")

    wait_until(lambda: status()["state"] in ENDED_STATES, seconds=120)
    return status()


@pytest.fixture(scope="module")
def finished(client, table):
    """(id, owner) of a run that has ended well."""
    started = start(client, QUICK, [table])
    assert wait_for_end(client, started["run"])["state"] == "finished"
    return started["run"], started["owner"]


def test_every_endpoint_is_named_and_documented(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    mine = {name: endpoint for name, endpoint in endpoints.items() if name.startswith("/finetuning")}
    assert set(mine) == {f"/finetuning_{name}" for name in NAMES}
    assert all(endpoint["description"] for endpoint in mine.values())


@pytest.mark.slow
def test_a_script_trains_asks_and_takes_home(client, finished, tmp_path):
    run, owner = finished
    status = client.predict(run=run, api_name="/finetuning_status")
    assert set(status["metrics"]) == {"training", "validation"}
    assert status["verdict"]["title"]
    assert status["evaluations"] == ["before", "test"]

    results = client.predict(run=run, owner=owner, api_name="/finetuning_results")
    assert results["labels"] == ["bad", "good"]
    assert results["accuracy"]["test"] > results["accuracy"]["before"]
    assert sum(map(sum, results["confusion"])) == results["test_rows"] == 24
    assert [row["label"] for row in results["report"]] == ["bad", "good"]

    texts = ["the film was superb", "the film was boring"]
    answers = client.predict(run, owner, texts, None, api_name="/finetuning_predict")
    assert [answer["label"] for answer in answers] == ["good", "bad"]
    assert sum(answers[0]["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    why = client.predict(run=run, owner=owner, text=texts[0], api_name="/finetuning_explain")
    assert "".join(piece for piece, _ in why["pieces"]) == texts[0]
    assert max(abs(weight) for _, weight in why["pieces"]) == pytest.approx(1)

    with zipfile.ZipFile(client.predict(run, owner, api_name="/finetuning_model")) as archive:
        assert {"model.safetensors", "config.json", "README.md"} <= set(archive.namelist())
        assert json.loads(archive.read("config.json"))["id2label"] == {"0": "bad", "1": "good"}
    script = Path(client.predict(run, owner, api_name="/finetuning_script")).read_text("utf-8")
    compile(script, "finetune.py", "exec")


@pytest.mark.slow
def test_chinese_is_learnt_without_the_hub(site, monkeypatch):
    """Of a model that can't be fetched, at once and saying what is learnt in its place."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    client, runs = site
    started = start(client, {"dataset": "intents_zh", "model": "bert_zh", "method": "lora", "rows": 120})
    assert (started["config"]["model"], started["config"]["method"]) == ("char_ngrams", "full")
    status = wait_for_end(client, started["run"])
    assert status["state"] == "finished"
    assert "test" in status["evaluations"]
    told = runs.get(started["run"]).board.captions["instead"]
    assert told.startswith("BERT base, Chinese can't be fetched now, so this run trains “Character n-grams")
    assert "HF_ENDPOINT" in told


@pytest.mark.slow
def test_a_run_goes_on_with_new_classes(client, finished, tmp_path):
    run, owner = finished
    more = save_table(tmp_path / "more.csv", labels=("good", "odd"), count=60, seed=3)
    started = start(client, {**QUICK, "epochs": 1, "replay": 0.5}, [more], owner, run)
    assert wait_for_end(client, started["run"])["state"] == "finished"
    results = client.predict(run=started["run"], owner=owner, api_name="/finetuning_results")
    assert {"old_before", "old_after", "test"} <= set(results["accuracy"])
    assert results["labels"] == ["bad", "good", "odd"]


@pytest.mark.slow
def test_a_classifier_is_its_owners_only(client, finished):
    run, _ = finished
    for name, more in (
        ("model", ()),
        ("script", ()),
        ("space", ()),
        ("predict", (["a text"], None)),
        ("explain", ("a text",)),
    ):
        for key in ("", "guess"):
            with pytest.raises(Exception, match="Only the person who started this run can use its classifier"):
                client.predict(run, key, *more, api_name=f"/finetuning_{name}")
    with pytest.raises(Exception, match="Only the person who started"):
        client.predict(run=run, owner="guess", action="stop", api_name="/finetuning_control")
    with pytest.raises(Exception, match="Only the person who started this run can use its classifier"):
        start(client, {"dataset": "movie_reviews"}, None, "guess", run)


def test_a_watcher_sees_scores_but_not_the_uploaded_rows(client, finished):
    results = client.predict(run=finished[0], owner="", api_name="/finetuning_results")
    assert results["test_rows"] == 24
    assert results["mistakes"] == []


def test_a_table_comes_back_with_answers(site, finished, tmp_path):
    actions = FinetuningActions(site[1], Classifiers(), Gate(Limits()), Here())
    path = tmp_path / "texts.csv"
    path.write_text('number,text\n1,the film was superb\n2,"boring, and dire"\n', "utf-8")
    out = actions.classify_table(actions.own_model(*finished), str(path), "text")
    assert out.read_bytes().startswith(b"\xef\xbb\xbf"), "spreadsheets need the mark"
    lines = list(csv.reader(out.read_text("utf-8-sig").splitlines()))
    assert lines[0] == ["number", "text", "predicted", "probability"]
    assert [line[:3] for line in lines[1:]] == [
        ["1", "the film was superb", "good"],
        ["2", "boring, and dire", "bad"],
    ]


def test_every_row_of_a_table_comes_back_in_its_order(site, finished, tmp_path):
    actions = FinetuningActions(site[1], Classifiers(), Gate(Limits()), Here())
    path = tmp_path / "texts.csv"
    path.write_text("predicted,text\n1,the film was superb\n,\n\n4,=1+1\n5\n6,boring,dire\n7,boring\n", "utf-8")
    out = actions.classify_table(actions.own_model(*finished), str(path), "text")
    head, *lines = csv.reader(out.read_text("utf-8-sig").splitlines())
    assert head == ["predicted", "text", "predicted (2)", "probability", "note"]
    assert [line[1] for line in lines] == ["the film was superb", "", "", "'=1+1", "", "boring,dire", "boring"]
    assert [bool(line[2]) for line in lines] == [True, False, False, True, False, False, True]
    assert [bool(line[4]) for line in lines] == [False, True, True, False, True, True, False]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"dataset": "own_texts"}, "Choose your own file first"),
        ({"dataset": "../../etc/passwd"}, "Dataset must be one of"),
        ({"lr": "fast"}, "Learning rate must be a number"),
        ({"dataset": "fashion_mnist"}, "reads texts; for pictures choose"),
        ({"nonsense": 1}, "no setting called"),
        ([1, 2], "must be a JSON object"),
    ],
)
def test_a_bad_setting_gets_one_clear_sentence(client, settings, says):
    with pytest.raises(Exception, match=says):
        start(client, settings)


@pytest.mark.parametrize("texts", [[], "a text", [1], None])
def test_what_is_no_list_of_texts_is_refused(client, finished, texts):
    with pytest.raises(Exception, match="Give a list of texts"):
        client.predict(*finished, texts, None, api_name="/finetuning_predict")


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", __file__])
def test_a_path_from_a_visitor_is_never_read(client, path):
    call = f"{client.src}gradio_api/call/finetuning_start"
    for upload in (path, {"path": path}, {"path": path, "meta": {"_type": "gradio.FileData"}}):
        body = json.dumps({"data": [QUICK, [upload], "", ""]}).encode()
        request = urllib.request.Request(call, body, {"Content-Type": "application/json"})
        try:
            event = json.loads(urllib.request.urlopen(request).read())["event_id"]
            answer = urllib.request.urlopen(f"{call}/{event}").read().decode()
        except urllib.error.HTTPError:
            continue  # refused at the door
        assert "event: error" in answer


def test_runs_of_other_tabs_are_not_taken(client):
    started = client.predict(settings={"steps": 200_000}, owner="", api_name="/gan_start")
    with pytest.raises(Exception, match="There is no such run"):
        client.predict(run=started["run"], api_name="/finetuning_status")
    client.predict(run=started["run"], owner=started["owner"], action="stop", api_name="/gan_control")


@pytest.mark.slow
def test_a_file_that_is_no_table_fails_in_one_sentence(client, tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("text,label\n" + "\n".join(f"text {i},same" for i in range(20)), "utf-8")
    status = wait_for_end(client, start(client, QUICK, [path])["run"])
    assert status["state"] == "failed"
    assert "has only one label" in status["error"]["template"]


# --- what an upload holds stays text -----------------------------------------------------------------------

HOSTILE = (
    "<img src=x onerror=alert(1)>", "\"onmouseover='alert(2)", "</td><script>alert(3)</script>", "{{alert(4)}}",
    "${alert(5)}", "{predicted}", "javascript:alert(6)",
)  # fmt: skip
ALLOWED = {"section", "h2", "p", "div", "span", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "button", "i",
           "b", "ol", "li", "em", "small", "code", "pre", "img", "details", "summary"}  # fmt: skip


class Checker(HTMLParser):
    """Finds elements and attributes that only an upload could have brought, and gathers the text."""

    def __init__(self):
        super().__init__()
        self.bad, self.words = [], ""

    def handle_starttag(self, tag, attributes):
        names = {
            "class",
            "style",
            "title",
            "type",
            "scope",
            "tabindex",
            "aria-pressed",
            "aria-label",
            "data-truth",
            "data-predicted",
        }
        odd = [name for name, _ in attributes if name not in names]
        if tag not in ALLOWED or odd:
            self.bad.append((tag, odd))

    def handle_data(self, data):
        self.words += data


def check(html):
    checker = Checker()
    checker.feed(html)
    assert not checker.bad
    return checker.words


def hostile_evaluation(name, seed):
    count, classes = 60, len(HOSTILE)
    draw = np.random.default_rng(seed)
    chances = draw.dirichlet(np.ones(classes), count).astype(np.float32)
    texts = tuple(HOSTILE[i % classes] + f" row{i}" for i in range(count))
    return Evaluation(name, HOSTILE, texts, draw.integers(0, classes, count), chances)


def test_labels_and_rows_of_an_upload_stay_text():
    before, after = hostile_evaluation("before", 1), hostile_evaluation("test", 2)
    after = replace(after, truth=before.truth)
    say = speaker(None)
    both = {"before": before, "test": after}
    assert "<img src=x onerror=alert(1)>" in check(show_matrix(after, say))
    assert "${alert(5)}" in check(show_report(after, say))
    assert "</td><script>" in check(show_changes(both, text_row, say))
    check(show_scores(both, say))
    for truth in range(len(HOSTILE)):
        check(show_cell(after, truth, 0, text_row, say))
    check(show_chances([say(name) for name in HOSTILE], after.probabilities[0], say))
    assert check(show_words([(text, 0.5) for text in HOSTILE], say(HOSTILE[0]), say)).count("alert(1)") == 2


def test_the_preview_of_an_upload_stays_text(tmp_path):
    path = tmp_path / "<b>reviews.csv"
    texts = [[f"{HOSTILE[i % 3]} {i}", HOSTILE[i % 2]] for i in range(40)]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["<i>text", "label"], *texts])
    words = check(show_texts(read_table(path), "", "", speaker(None)))
    assert "<img src=x onerror=alert(1)>" in words
    assert "<i>text" in words


def test_a_cell_that_does_not_exist_shows_nothing():
    evaluation = hostile_evaluation("test", 1)
    for place in ((-1, 0), (0, 99), (99, 99)):
        assert show_cell(evaluation, *place, text_row, speaker(None)) == ""


def test_the_results_say_what_changed():
    before, after = hostile_evaluation("before", 1), hostile_evaluation("test", 2)
    after = replace(after, truth=before.truth, probabilities=np.eye(len(HOSTILE), dtype=np.float32)[before.truth])
    words = check(show_scores({"before": before, "test": after}, speaker(None)))
    assert "100%" in words
    fixed = int((before.predicted != before.truth).sum())
    assert re.search(rf"same 60 test rows, {fixed} became right and 0 became wrong", words)


def test_a_watcher_gets_no_rows_of_somebodys_upload():
    runs = Runs()
    tab = FinetuningTab(FinetuningActions(runs, Classifiers(), Gate(Limits()), Here()))
    config = FinetuningConfig(dataset="own_texts")
    board = Board(ENGINE, config.to_dict(), state="finished")
    board.fold(hostile_evaluation("test", 1))
    runs.add(board, config, owner="ann", run_id="run")
    for owner, seen in (("ann", True), ("bob", False), ("", False)):
        shown, _, matrix, examples, _, changes = tab.show_results("run", owner, [], None)
        assert [part.split()[0] for part in shown] == ["run", "test"]
        assert "data-truth" in matrix
        assert bool(re.search(r"row\d", check(examples + changes))) == seen
        assert ("only its owner may read" in examples) == (not seen)


# --- pictures ------------------------------------------------------------------------------------------------


def test_a_drawing_becomes_what_the_classifier_has_seen():
    dark = np.zeros((5, 28, 28, 1), np.uint8)
    dark[:, 8:20, 8:20] = 200
    canvas = np.zeros((280, 280, 4), np.uint8)
    canvas[200:260, 20:80] = (17, 17, 17, 255)  # a black square in a corner
    found = like_training(canvas, dark)
    assert found.shape == (1, 28, 28, 1)
    assert found[0, 14, 14] > 200, "light on dark, as the examples"
    assert found[0, 0, 0] == 0
    assert np.argwhere(found[0, ..., 0] > 100).mean(0) == pytest.approx([13.5, 13.5], abs=1.5), "and in the middle"
    photo = np.full((60, 90, 3), 255, np.uint8)
    photo[20:40, 30:60] = 30
    assert like_training(np.dstack([photo, np.full((60, 90), 255, np.uint8)]), dark)[0, 14, 14] > 150, (
        "a dark thing on white is turned"
    )
    light = np.full((5, 32, 32, 3), 240, np.uint8)
    assert like_training(canvas, light).shape == (1, 32, 32, 3)


@pytest.mark.slow
def test_a_picture_run_answers_for_pictures(client, tmp_path):
    settings = {"dataset": "fashion_mnist", "model": "small_cnn", "rows": 200, "epochs": 1, "batch": 64, "lr": 2e-3}
    started = start(client, settings)
    run, owner = started["run"], started["owner"]
    assert wait_for_end(client, run)["state"] == "finished"
    path = tmp_path / "shirt.png"
    Image.new("RGB", (40, 60), "white").save(path)
    answers = client.predict(run, owner, None, [handle_file(path)], api_name="/finetuning_predict")
    assert len(answers[0]["probabilities"]) == 10
    with pytest.raises(Exception, match="sees pictures, not texts"):
        client.predict(run, owner, ["a text"], None, api_name="/finetuning_predict")
    with zipfile.ZipFile(client.predict(run, owner, api_name="/finetuning_model")) as archive:
        assert "load.py" in archive.namelist()


def test_the_example_is_healthy_and_can_be_tried_and_taken_home_by_anybody(site):
    actions = FinetuningActions(site[1], Classifiers(), Gate(Limits()), Here())
    run = actions.own_model(actions.example, "a stranger")
    pictures = kept_pictures(run.folder)
    found = actions.predict_pictures(run, pictures[:200]).argmax(1)
    assert np.mean(found == run.board.evaluations["test"].truth[:200]) > 0.8
    assert Path(actions.model_file(actions.example, "a stranger")).stat().st_size > 300_000
    assert run.board.verdict.state == "healthy"
    assert "Let it run" not in run.board.verdict.advice


def test_settings_that_suit_pictures_are_not_given_to_texts():
    (model, *learning) = suit("own_texts", "small_cnn", "full", 5, 64, 2e-3)
    assert model["value"] == "minilm"
    assert learning == ["full", FinetuningConfig.epochs, FinetuningConfig.batch, FinetuningConfig.lr]
    (model, *learning) = suit("intents", "minilm", "lora", 7, 16, 1e-3)
    assert model["value"] == "minilm"
    assert not any(isinstance(value, (int, float, str)) for value in learning), "left as they are"
