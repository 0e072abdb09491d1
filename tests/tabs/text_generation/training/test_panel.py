"""Training one's own language model over its endpoints, and the handlers of its panel."""

import json
import re
import zipfile
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio_client import Client, handle_file

from engines.gpt_training.config import ENGINE, GptConfig
from engines.gpt_training.explore import Inside
from engines.gpt_training.measures.scores import score
from engines.limits import Limits
from engines.messages import EngineError
from engines.running.board import ENDED_STATES, Board
from engines.running.run_files import load_run
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.page.gate import Gate
from tabs.page.runs.actions import example_file
from tabs.text_generation.training.actions import BUNDLED, RUN, GptActions
from tabs.text_generation.training.inside import heat
from tabs.text_generation.training.panel import TrainingPanel
from tabs.text_generation.training.use import filled_html, poem_html
from tests.engines.gpt_training.tiny import trainer, weights_of
from tests.fakes import wait_until
from tests.served import served

SMALL = {"layers": 1, "width": 16, "heads": 2, "batch": 8, "context": 32, "part": 0.01, "steps": 20, "seed": 1}


@pytest.fixture(scope="module")
def client():
    with served() as (url, _):
        yield Client(url, verbose=False)


def finished(client, uploads=None, **settings):
    """The id of a run that has ended."""
    run = client.predict({**SMALL, **settings}, "", uploads or [], api_name="/gpt_start")["run"]
    wait_until(lambda: status(client, run)["state"] in ENDED_STATES, seconds=120)
    return run


def status(client, run):
    return client.predict(run=run, api_name="/gpt_status")


@pytest.fixture(scope="module")
def poet(client):
    return finished(client)


@pytest.mark.slow
def test_a_script_trains_a_poet_and_reads_what_it_writes(client, poet):
    told = status(client, poet)
    assert told["state"] == "finished", told
    assert {"Training", "Held-out", "2-gram", "Form"} <= told["metrics"].keys()
    assert len(told["texts"]) >= 4
    board = load_run(Path(client.predict(poet, api_name="/gpt_run_file")))
    assert board.writings.history()[-1].texts == tuple(told["texts"])


@pytest.mark.slow
def test_the_model_comes_as_a_folder_that_others_can_load(client, poet, tmp_path):
    with zipfile.ZipFile(client.predict(poet, api_name="/gpt_model")) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path)
    assert {"config.json", "model.safetensors", "tokenizer.json", "README.md"} <= names
    assert json.loads((tmp_path / "config.json").read_text("utf-8"))["model_type"] == "gpt2"


@pytest.mark.slow
def test_the_run_comes_as_a_script_with_its_text(client, poet):
    with zipfile.ZipFile(client.predict(poet, api_name="/gpt_script")) as archive:
        assert "SEED, STEPS, BATCH, LR, DECAY, DROPOUT = 1, 20, 8" in archive.read("train.py").decode()
        poems = archive.read("train.txt").decode().split("\n")
    assert len(poems) == 570
    assert all(re.fullmatch("[^，。]{5,7}，[^，。]{5,7}。[^，。]{5,7}，[^，。]{5,7}。", poem) for poem in poems)


@pytest.mark.slow
@pytest.mark.parametrize("bundled", [False, True])
def test_an_acrostic_begins_its_lines_with_the_characters(client, poet, bundled):
    poem = client.predict("" if bundled else poet, "春夏秋冬", "七", 3, api_name="/gpt_acrostic")
    lines = re.findall("([^，。]+)[，。]", poem)
    assert [(line[0], len(line)) for line in lines] == [(character, 7) for character in "春夏秋冬"]


@pytest.mark.slow
def test_attention_tells_its_tokens_and_adds_up_to_one(client, poet):
    told = client.predict(poet, "白日依山尽，", 1, 2, api_name="/gpt_inside")
    shares = np.array(told["attention"])
    assert shares.shape == (len(told["tokens"]),) * 2
    assert np.allclose(shares.sum(1), 1, atol=0.01)
    assert np.allclose(np.triu(shares, 1), 0), "it sees only what came before"
    assert "".join(told["tokens"]).endswith("白日依山尽，")
    with pytest.raises(Exception, match="Layer must be from 1 to 1"):
        client.predict(poet, "白", 2, 1, api_name="/gpt_inside")


@pytest.mark.slow
def test_what_comes_next_is_told_with_its_probability(client):
    likely = client.predict("", "五平东：白日依山尽", 1, 1, api_name="/gpt_inside")["likely"]
    shares = [share for _, share in likely]
    assert shares == sorted(shares, reverse=True)
    assert likely[0][0] == "，"


@pytest.mark.slow
def test_a_recurrent_network_has_no_attention_but_expects_something(client):
    run = finished(client, model="lstm")
    told = client.predict(run, "白日依山尽", 1, 1, api_name="/gpt_inside")
    assert told["attention"] is None
    assert len(told["likely"]) >= 5


@pytest.mark.slow
def test_a_masked_model_fills_gaps_and_does_not_write_on(client):
    run = finished(client, model="masked")
    filled = client.predict(run, "白日依_尽，", api_name="/gpt_fill")
    assert (filled[:3], filled[4:]) == ("白日依", "尽，")
    assert filled[3] != "_"
    assert client.predict(run, "白日依山尽，", 1, 1, api_name="/gpt_inside")["likely"] == []
    with pytest.raises(Exception, match=r"masked|Masked"):
        client.predict(run, "春夏秋冬", "", 1, api_name="/gpt_acrostic")


@pytest.mark.slow
def test_own_text_is_learnt(client, tmp_path):
    text = tmp_path / "own.txt"
    text.write_text("the cat sat on the mat and looked at the rat. " * 40, "utf-8")
    run = finished(client, [handle_file(text)], data="own", context=16)
    assert status(client, run)["state"] == "finished", status(client, run)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"width": 48, "heads": 5}, "Heads must divide Width"),
        ({"data": "own", "plan": True}, "Only quatrains"),
        ({"model": "mamba"}, "Model must be one of"),
        ({"layers": 12, "width": 512, "context": 512, "batch": 1024}, "too large together"),
    ],
)
def test_bad_settings_get_one_sentence(client, settings, sentence):
    with pytest.raises(Exception, match=sentence):
        client.predict(settings, "", [], api_name="/gpt_start")


@pytest.mark.parametrize(
    ("name", "inputs", "sentence"),
    [
        ("acrostic", ["", "春夏秋冬", "九", 1], "Lines of must be one of"),
        ("acrostic", ["", "春夏秋冬", "", -3], "Seed must be"),
        ("acrostic", ["nobody's", "春夏秋冬", "", 1], "no such run"),
        ("fill", ["", "a_b"], "Only a masked model fills gaps"),
        ("inside", ["", "春", 999, 1], "Layer must be"),
        ("inside", ["", "春" * 400, 1, 1], "at most 300 characters"),
        ("model", ["nobody's"], "no such run"),
        ("status", ["nobody's"], "no such run"),
    ],
)
def test_what_cannot_be_gets_one_sentence(client, name, inputs, sentence):
    with pytest.raises(Exception, match=sentence):
        client.predict(*inputs, api_name=f"/gpt_{name}")


def actions(runs=None):
    return GptActions(runs or Runs(), Gate(Limits()), Here())


def test_a_run_of_another_tab_or_without_weights_is_not_asked():
    runs = Runs()
    own = actions(runs)
    run = runs.add(Board(ENGINE, GptConfig(**SMALL).to_dict()), GptConfig(**SMALL), owner="ann")
    with pytest.raises(EngineError, match="no model yet"):
        own.look(run.id, "春", 1, 1)
    other = runs.add(Board("gan_training", {}), GptConfig(**SMALL), owner="ann")
    with pytest.raises(EngineError, match="another tab"):
        own.look(other.id, "春", 1, 1)
    with pytest.raises(gr.Error, match="another tab"):
        own.script(other.id)


@pytest.mark.slow
def test_the_bundled_model_stands_in_for_the_example_and_until_there_is_a_run():
    own = actions()
    assert own.chosen("", RUN) == own.chosen("id", BUNDLED) == ""
    assert own.chosen("id", RUN) == "id"
    assert own.example
    assert own.chosen(own.example, RUN) == ""
    assert re.fullmatch("(春.{6}，夏.{6}。|春.{4}，夏.{4}。).*", own.acrostic(own.example, "春夏秋冬"))
    with pytest.raises(gr.Error, match="No model was kept of this run"):
        own.model(own.example)


def test_the_example_is_a_finished_run_that_learnt_to_write():
    board = load_run(example_file(ENGINE))
    assert board.state == "finished"
    assert GptConfig.from_dict(board.config) == GptConfig(seed=1)
    history = board.writings.history()
    assert (history[0].step, history[-1].step) == (0, GptConfig().steps)
    assert len(history) >= 20
    assert score(history[-1].texts).form > 0.8 > 0.2 > score(history[0].texts).form


def test_states_of_a_run_are_looked_back_at():
    own = actions()
    one = trainer("gpt")
    board = Board(ENGINE, one.config.to_dict())
    for _ in range(3):
        board.fold(replace(weights_of(one), lasting=True))
        one.step()
    run = own.runs.add(board, one.config, owner="ann")
    told = own.inside(run.id, "白日", 1, 1)
    assert (told["step"], told["steps"]) == (2, [0, 1, 2])
    first = own.inside(run.id, "白日", 1, 1, 0)
    assert first["step"] == 0
    assert first["likely"] != told["likely"]
    with pytest.raises(gr.Error, match="are kept: 0, 1, 2"):
        own.inside(run.id, "白日", 1, 1, 17)


def test_texts_of_strangers_stay_texts():
    evil = "<img src=x onerror=alert(1)>"
    assert "<img" not in poem_html(evil) + filled_html("_", evil) + filled_html(evil, evil)


def test_a_poem_stands_line_by_line_with_its_beginnings_marked():
    html = poem_html("春眠不觉晓，处处闻啼鸟。")
    assert [html.count(part) for part in (">春</span>眠", ">处</span>处", "<br>")] == [1, 1, 1]
    assert poem_html("Spring, again\nSun").count("<br>") == 1


def test_what_was_filled_in_is_marked():
    html = filled_html("床前_月", "床前明月")
    assert html.count("<span") == 1
    assert ">明</span>" in html
    assert "<span" not in filled_html("a_", "abc"), "texts that do not fit one another are not compared"


def test_the_map_gets_all_states_small():
    shares = np.array([[1, 0], [0.2, 0.8]], np.float32)
    seen = [Inside(0, ("春", "眠"), shares, (("不", 0.5),)), Inside(7, ("春", "眠"), None, ())]
    told = json.loads(heat(seen, 12))
    assert (told["tokens"], told["bytes"]) == (["春", "眠"], 12)
    first, last = told["states"]
    assert (first["step"], first["next"]) == (0, [["不", 0.5]])
    assert np.allclose(np.frombuffer(b64decode(first["shares"]), "<u2").reshape(2, 2) / 65535, shares, atol=1e-5)
    assert last == {"step": 7, "shares": None, "next": []}


def test_only_the_knobs_that_count_are_shown():
    def visible(*asked):
        return [update["visible"] for update in TrainingPanel.fit(*asked)]

    assert visible("poems", "gpt", "characters") == [False, True, False, True, False]
    assert visible("own", "lstm", "pairs") == [True, False, False, False, True]
    assert visible("own_tunes", "lstm", "characters") == [True, False, True, False, False]
    plan, bars = TrainingPanel.fit("own", "gpt", "pairs")[1:3]
    assert plan["value"] is bars["value"] is False, "a plan is only for poems, a length for tunes"
