"""The app starts light, and everything a person can do works from a script."""

import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio_client import Client, handle_file
from PIL import Image

import app as playground
from app import arguments, create_app, tab_of_engine
from engines.messages import ConfigError
from engines.running.board import ENDED_STATES
from engines.running.runs import Runs
from tests import ROOT
from tests.fakes import free_port, wait_until
from tests.served import served
from tests.text_server import text_server

HEAVY = ("torch", "torchvision", "transformers", "diffusers", "matplotlib", "pandas", "safetensors.torch")


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_serving_the_page_loads_nothing_heavy():
    code = f"""
import sys, urllib.request
from tests.served import served
with served() as (url, _):
    assert b"AIGC Playground" in urllib.request.urlopen(url).read()
    print("loaded:", [name for name in {HEAVY} if name in sys.modules])
"""
    assert "loaded: []" in run_python(code)


@pytest.mark.slow
def test_a_table_is_shown_and_events_end_without_pandas():
    code = """
import sys
from gradio_client import Client
from tests.served import served
with served(only=("text_generation",)) as (url, app):
    client = Client(url, verbose=False)
    table, _ = client.predict("output,reference\\na cat,a cat\\n", None, False, api_name="/text_score")
    print(table["headers"][:3], [row[:3] for row in table["data"]])
    print("loaded:", "pandas" in sys.modules)
    assert len(app._queue.event_analytics) == 1  # Gradio's record of events, that nobody may see
"""
    shown = run_python(code)
    assert "['output', 'reference', 'BLEU'] [['(all)', '', 100.0], ['a cat', 'a cat', 100.0]]" in shown
    assert "loaded: False" in shown


def test_a_text_server_is_asked_at_the_start_and_its_key_leaves_the_environment(monkeypatch, capsys):
    monkeypatch.setenv("AIGC_TEXT_SERVER_KEY", "secret")
    key = playground.take_server_key()
    assert "AIGC_TEXT_SERVER_KEY" not in os.environ
    assert playground.open_text_server("", key) is None
    with text_server(lambda handler, body: None) as fake:
        assert playground.open_text_server(fake.url, key).names() == ("tiny",)
        assert fake.asked[0][2]["Authorization"] == "Bearer secret"
    assert playground.open_text_server(f"http://127.0.0.1:{free_port()}")  # it may come later
    assert "The text server has tiny\nThe text server cannot be reached now" in capsys.readouterr().out
    with pytest.raises(ConfigError, match="must be like"):
        playground.open_text_server("localhost")


@pytest.mark.parametrize("more", [["--host", "0.0.0.0"], ["--share"], ["--public"]])
def test_a_page_that_others_see_has_no_field_for_a_text_server(more, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["app.py", "--text-server-field", *more])
    with pytest.raises(SystemExit):
        playground.main()
    assert "--text-server-field is for a page that only this machine sees" in capsys.readouterr().err


@pytest.fixture(scope="module")
def client():
    with served() as (url, _):
        yield Client(url, verbose=False)


def status_at_end(client, run):
    """The run's status once it has ended."""
    wait_until(lambda: client.predict(run=run, api_name="/gan_status")["state"] in ENDED_STATES, seconds=60)
    return client.predict(run=run, api_name="/gan_status")


def picture(path):
    with Image.open(path) as image:
        image.load()
        return image


def test_only_some_parts_of_the_page_are_shown():
    demo = create_app(Runs(), only=("vae_training", "text_generation"))
    tabs = [block.id for block in demo.blocks.values() if isinstance(block, gr.Tab) and block.id in tab_of_engine()]
    assert tabs == ["gan_training", "vae_training", "text_generation"]  # the first is the tab around the family
    names = {handler.api_name for handler in demo.fns.values() if handler.api_visibility == "public"}
    assert {"vae_start", "text_chat"} <= names
    assert not {"gan_start", "image_generate", "finetuning_start"} & names


def test_a_part_that_the_page_does_not_have_is_named(capsys):
    with pytest.raises(SystemExit):
        arguments().parse_args(["--only", "gan_training,opera"])
    assert "there is no 'opera'; there are gan_training, vae_training" in capsys.readouterr().err
    assert arguments().parse_args(["--only", "finetuning, gan_training"]).only == ("finetuning", "gan_training")
    assert arguments().parse_args([]).only == ()


def test_a_machine_too_busy_for_the_first_page_starts_all_the_same(monkeypatch):
    monkeypatch.setattr("gradio.networking.httpx.head", slow)
    with served(only=("points_training",)) as (address, _), urllib.request.urlopen(f"{address}health") as answer:
        assert answer.status == 200


def slow(*_, **__):
    raise httpx.ReadTimeout("three seconds are over")


def test_every_action_has_a_named_documented_endpoint(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    family = ["start", "status", "control", "fork", "samples", "walk", "run_file", "generator", "gif", "webp", "open"]
    family += ["space", "papers", "pair"]
    family.append("tensorboard")
    assert set(endpoints) == {
        *(f"/{prefix}_{name}" for prefix in ("gan", "vae", "diffusion") for name in family),
        "/vae_map", "/diffusion_draw",
        "/points_start", "/points_status", "/points_control", "/points_step", "/points_open", "/points_run_file",
        "/gpt_start", "/gpt_status", "/gpt_control", "/gpt_open", "/gpt_run_file", "/gpt_model", "/gpt_script",
        "/gpt_acrostic", "/gpt_fill", "/gpt_inside", "/gpt_papers", "/gpt_pair",
        "/music_start", "/music_status", "/music_control", "/music_open", "/music_run_file", "/music_tensorboard",
        "/melody_start", "/melody_status", "/melody_control", "/melody_open", "/melody_run_file",
        "/melody_tensorboard", "/melody_map", "/melody_morph", "/melody_sample", "/melody_write",
        "/music_script", "/music_fill", "/music_melody", "/music_read", "/music_write", "/music_pair",
        "/image_enlarge", "/image_generate", "/image_models", "/image_reading", "/image_settings",
        "/image_style",
        "/image_xy", "/image_walk",
        "/clip_start", "/clip_status", "/clip_control", "/clip_open", "/clip_run_file", "/clip_tensorboard",
        "/clip_search", "/clip_sort", "/clip_rank",
        "/text_chat", "/text_continue", "/text_perplexity", "/text_score",
        "/finetuning_start", "/finetuning_status", "/finetuning_control", "/finetuning_results",
        "/finetuning_predict", "/finetuning_explain", "/finetuning_model", "/finetuning_script",
        "/points_tensorboard", "/gpt_tensorboard", "/finetuning_tensorboard", "/compare_runs", "/race",
        "/points_fork", "/gpt_fork", "/music_fork", "/melody_fork", "/melody_script",
        "/gpt_space", "/finetuning_space", "/gan_script", "/vae_script", "/diffusion_script",
        "/room_open", "/room_join", "/room_board", "/room_control", "/room_summary",
        "/tune_write", "/tune_notes", "/tune_file",
    }  # fmt: skip
    assert all(endpoint["description"] for endpoint in endpoints.values())


@pytest.mark.slow
def test_a_script_trains_looks_and_takes_home(client):
    settings = {"dataset": "mnist", "architecture": "mlp", "features": 8, "batch": 16, "steps": 30, "seed": 5}
    started = client.predict(settings=settings, owner="", api_name="/gan_start")
    run, owner = started["run"], started["owner"]
    assert started["config"]["seed"] == 5
    assert started["config"]["steps"] == 30

    status = status_at_end(client, run)
    assert status["state"] == "finished", status
    assert status["progress"]["step"] == 30
    assert set(status["metrics"]) == {
        "Loss_D", "Loss_G", "D(x)", "D(G(z))", "Fréchet distance", "Diversity", "Near-copies",
    }  # fmt: skip

    with pytest.raises(Exception, match="This run has ended already"):
        client.predict(run=run, owner=owner, action="stop", api_name="/gan_control")

    run_file = client.predict(run, api_name="/gan_run_file")
    with zipfile.ZipFile(run_file) as archive:
        assert json.loads(archive.read("run.json"))["config"] == started["config"]
    opened = client.predict(handle_file(run_file), "", api_name="/gan_open")
    assert client.predict(run=opened, api_name="/gan_status")["progress"]["step"] == 30

    with zipfile.ZipFile(client.predict(run, api_name="/gan_generator")) as archive:
        assert set(archive.namelist()) == {"generator.safetensors", "config.json", "README.txt"}
    samples = client.predict(run, 3, -1, api_name="/gan_samples")
    again = client.predict(opened, 3, -1, api_name="/gan_samples")
    assert picture(samples).size == (224, 224)
    assert picture(samples).tobytes() == picture(again).tobytes(), "a reopened run has the same generator"
    assert picture(client.predict(run, 1, 2, -1, api_name="/gan_walk")).format == "WEBP"
    assert picture(client.predict(run, api_name="/gan_gif")).format == "GIF"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"lr_g": "0.1"}, "Learning rate of G must be a number"),
        ({"batch": 10**9}, "Batch size must be a whole number"),
        ({"size": 64, "batch": 512, "features": 128, "d_steps": 10}, "too large together"),
        ({"dataset": "../../etc/passwd"}, "Dataset must be one of"),
        ({"dataset": None}, "Dataset must be one of"),
        ({"nonsense": 1}, "no setting called"),
        ([1, 2], "must be a JSON object"),
    ],
)
def test_a_bad_setting_from_a_script_gets_one_clear_sentence(client, settings, says):
    with pytest.raises(Exception, match=says):
        client.predict(settings=settings, owner="x", api_name="/gan_start")


def test_not_a_number_over_the_wire_is_refused_too(client):
    call = f"{client.src}gradio_api/call/gan_start"
    for body in ('{"data": [{"lr_g": NaN}, ""]}', '{"data": [{"ema": Infinity}, ""]}'):
        request = urllib.request.Request(call, body.encode(), {"Content-Type": "application/json"})
        event = json.loads(urllib.request.urlopen(request).read())["event_id"]
        answer = urllib.request.urlopen(f"{call}/{event}").read().decode()
        assert "event: error" in answer
        assert "must be a number from" in answer


@pytest.mark.parametrize("run", ["nonsense", "", "../../x", "é" * 1000])
def test_an_unknown_run_gets_one_clear_sentence(client, run):
    with pytest.raises(Exception, match="There is no such run"):
        client.predict(run=run, api_name="/gan_status")


def test_own_pictures_are_asked_for(client):
    started = client.predict(settings={"dataset": "own"}, owner="", api_name="/gan_start")
    status = status_at_end(client, started["run"])
    assert "Choose your own pictures" in status["error"]["template"]


def test_only_the_owner_may_stop(client):
    started = client.predict(settings={"steps": 200_000}, owner="", api_name="/gan_start")
    with pytest.raises(Exception, match="Only the person who started"):
        client.predict(run=started["run"], owner="guess", action="stop", api_name="/gan_control")
    with pytest.raises(Exception, match="The action must be"):
        client.predict(run=started["run"], owner=started["owner"], action="explode", api_name="/gan_control")
    client.predict(run=started["run"], owner=started["owner"], action="stop", api_name="/gan_control")


@pytest.mark.parametrize(
    ("messages", "settings", "says"),
    [
        ([], {}, "Write something first"),
        ([{"role": "user", "content": "x" * 1_000_000}], {}, "at most 200000 are allowed"),
        ([{"role": "user", "content": "Hi"}], {"model": "../../etc/passwd"}, "There is no model called"),
        ([{"role": "user", "content": "Hi"}], {"model": "someone/something"}, "only the models of its catalog"),
        ([{"role": "user", "content": "Hi"}], {"temperature": "hot"}, "Temperature must be a number"),
        ([{"role": "pope", "content": "Hi"}], {}, "Each message needs a role"),
        ("Hi", {}, "A chat is a list"),
    ],
)
def test_a_bad_request_for_text_gets_one_clear_sentence(client, messages, settings, says):
    with pytest.raises(Exception, match=says):
        client.predict(messages=messages, system="", settings=settings, api_name="/text_chat")


def test_a_script_scores_texts(client):
    table, path = client.predict("output,reference\na b c d,a b c d\n", None, False, api_name="/text_score")
    assert table["headers"][:3] == ["output", "reference", "BLEU"]
    assert table["data"][0][2] == pytest.approx(100)
    assert Path(path).read_text("utf-8").startswith("\ufeffoutput,reference,BLEU")
    with pytest.raises(Exception, match="Paste pairs"):
        client.predict("", None, False, api_name="/text_score")
