"""Nothing that a person or a script sees changed when the code moved into its rooms.

tests/data/before_the_rooms was made with commit 0940b18, the last one before: the endpoints and element ids of its
page, a run file, an exported generator with samples of it, a picture, and its folder of runs: a GAN that was finished,
one that was killed in the middle, and a classifier.
"""

import json
import shutil
import urllib.parse

import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

import app as playground
from engines.gan_training.explore import load_export, sample
from engines.image_generation.picture_files import read_settings
from engines.running.run_store import CHECKPOINT
from engines.running.runs import RunLimits, Runs
from tabs.page.links import read_visit
from tests import ROOT
from tests.fakes import wait_until
from tests.served import served

OLD = ROOT / "tests" / "data" / "before_the_rooms"
CONTRACT = json.loads((OLD / "contract.json").read_text("utf-8"))
FINISHED, KILLED, CLASSIFIER = "9ogOBD_suSR4", "pY1ebl2J3xIU", "NYfhsAD3ZQZL"
OWNER_OF_KILLED, OWNER_OF_CLASSIFIER = "key-of-ann", "W9BykJ6X2XwXOvcz1ADdmg"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """(client, app, runs) of the app with the old folder of runs."""
    folder = tmp_path_factory.mktemp("old") / "runs"
    shutil.copytree(OLD / "runs", folder)
    runs = Runs(RunLimits(kept_seconds=1e10), folder)
    with served(runs) as (url, demo):
        yield Client(url, verbose=False), demo, runs


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.int16)


def test_every_endpoint_takes_and_gives_what_it_did(site):
    now = site[0].view_api(return_format="dict")["named_endpoints"]
    for name, then in CONTRACT["endpoints"].items():
        parameters = [[one["parameter_name"], one["parameter_has_default"]] for one in now[name]["parameters"]]
        assert parameters[: len(then["parameters"])] == [one[:2] for one in then["parameters"]], name
        assert all(default for _, default in parameters[len(then["parameters"]) :]), f"{name} asks for more"
        assert [one["python_type"]["type"] for one in now[name]["returns"]] == then["returns"], name


def test_every_element_and_tab_has_its_id(site):
    blocks = site[1].blocks.values()
    assert set(CONTRACT["ids"]) <= {block.elem_id for block in blocks}
    assert set(CONTRACT["tabs"]) <= {getattr(block, "id", None) for block in blocks}


def test_a_run_file_opens_and_its_generator_draws_the_same(site):
    client = site[0]
    run = client.predict(handle_file(OLD / "gan_run.zip"), "", api_name="/gan_open")
    assert client.predict(run=run, api_name="/gan_status")["progress"]["step"] == 40
    drawn = pixels(client.predict(run, 3, -1, api_name="/gan_samples"))
    assert np.abs(drawn - pixels(OLD / "samples.png")).max() <= 2, "another processor may round otherwise"


def test_an_exported_generator_opens():
    pictures = sample(*load_export(OLD / "generator.zip"), seed=3, count=4)
    assert pictures.shape == (4, 28, 28, 1)


def test_a_picture_tells_its_settings():
    config, notes = read_settings(OLD / "red_apple.png")
    assert (config.prompt, config.steps, config.seed, config.model) == ("red apple", 4, 1, "emoji")
    assert notes == ["An earlier version of the model drew it; the same settings give another picture now."]


def test_a_folder_of_runs_is_there_again(site):
    client, _, _ = site
    finished = client.predict(run=FINISHED, api_name="/gan_status")
    assert (finished["state"], finished["progress"]["step"]) == ("finished", 40)
    classifier = client.predict(run=CLASSIFIER, api_name="/finetuning_status")
    assert classifier["state"] == "finished"
    results = client.predict(run=CLASSIFIER, owner=OWNER_OF_CLASSIFIER, api_name="/finetuning_results")
    assert set(results["accuracy"]) == {"before", "test"}
    assert results["test_rows"] == 60


@pytest.mark.slow
def test_what_was_killed_goes_on_from_its_checkpoint(site):
    client, _, runs = site
    seen = client.predict(run=KILLED, api_name="/gan_status")
    assert seen["state"] == "interrupted"
    client.predict(run=KILLED, owner=OWNER_OF_KILLED, action="resume", api_name="/gan_control")
    run = runs.get(KILLED)
    wait_until(lambda: run.board.state == "running" and run.board.progress.step > 150, seconds=120)
    client.predict(run=KILLED, owner=OWNER_OF_KILLED, action="stop", api_name="/gan_control")
    wait_until(lambda: run.board.state == "stopped", seconds=60)
    assert run.board.series["losses"].rows[0][0] < 107, "the old curve is still there"
    assert (run.folder / CHECKPOINT).exists(), "it can go on"


@pytest.mark.parametrize(
    ("query", "engine"),
    [
        ("tab=gan_training&dataset=mnist&steps=500", "gan_training"),
        ("tab=image_generation&prompt=red+apple&seed=3", "image_generation"),
        ("tab=text_generation&temperature=0.5", "text_generation"),
        ("tab=finetuning&dataset=intents&epochs=2", "finetuning"),
    ],
)
def test_a_link_still_opens_its_tab(site, query, engine):
    visit = read_visit(urllib.parse.parse_qsl(query))
    assert playground.choose_engine(site[2], visit, playground.tab_of_engine()) == engine
