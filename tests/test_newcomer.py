"""The README's section "Work in it" is true: a dataset, an objective and a tab, added as it says, work in the app."""

import json

import numpy as np
import pytest
from gradio_client import Client, handle_file

from engines.running.board import ENDED_STATES
from tests import ROOT
from tests.fakes import wait_until
from tests.newcomer import change, copy_program, running

TAB = '''"""The Hello tab."""

import gradio as gr

from tabs.page.shared import Shared


def build(shared: Shared) -> None:
    """A name in, a greeting out."""
    name, greeting = gr.Textbox(label="Name"), gr.Textbox(label="Greeting")
    gr.Button("Greet").click(lambda name: f"Hello, {name}!", name, greeting, api_name="hello")
'''


def add_dataset(program):
    """A folder with pictures and a card."""
    folder = program / "assets" / "spirals"
    folder.mkdir()
    t = np.linspace(0.5, 12, 400)
    images = np.zeros((200, 28, 28, 1), np.uint8)
    for image, turn in zip(images, np.linspace(0, 6, 200), strict=True):
        x, y = (13.5 + t * wave(t + turn) for wave in (np.cos, np.sin))
        image[y.astype(int), x.astype(int), 0] = 255
    labels = np.arange(200) % 2
    np.savez_compressed(folder / "pictures.npz", images=images, labels=labels, class_names=np.array(["odd", "even"]))
    about = {"what": "200 spirals", "source": "drawn by a test", "licence": "MIT", "made_by": "by hand"}
    card = {
        "files": {"pictures.npz": about},
        "pictures": {
            "order": 4, "title": "Spirals", "description": "Spirals that turn.", "size": 28, "channels": 1,
            "count": 200, "class_names": ["odd", "even"], "source": "drawn by a test", "licence": "MIT",
        },
    }  # fmt: skip
    (folder / "card.json").write_text(json.dumps(card), "utf-8")


def add_objective(program):
    """A choice in the config, and an entry in the table."""
    folder = program / "engines" / "gan_training"
    change(folder / "config.py", '"hinge": "Hinge",', '"hinge": "Hinge",\n            "softer": "Softer hinge",')
    change(
        folder / "objectives.py",
        '"hinge": Objective(',
        '"softer": Objective("Softer hinge", "none", hinge_d, raise_score_g),\n        "hinge": Objective(',
    )


PAGE = '''"""What the page shows of the toy."""

from engines.toy_training.family import FAMILY
from tabs.live_training.family_tab import FamilyPage
from tabs.page.live.view import Chart, Line

PAGE = FamilyPage(FAMILY, "toy", "The mean picture, and noise.", (Chart("Loss", (Line("Loss", "losses", "--ours"),)),))
'''


def add_family(program):
    """A folder for the engine, a file for the page, and an entry in FAMILIES."""
    folder = program / "engines" / "toy_training"
    folder.mkdir()
    for path in (ROOT / "tests" / "toy_training").glob("*.py"):
        text = path.read_text("utf-8").replace("tests.toy_training", "engines.toy_training")
        (folder / path.name).write_text(text, "utf-8")
    (program / "tabs" / "live_training" / "toy.py").write_text(PAGE, "utf-8")
    tab = program / "tabs" / "live_training" / "tab.py"
    change(tab, "\nFAMILIES:", "from tabs.live_training import toy\n\nFAMILIES:")
    change(tab, "= (gan.PAGE", "= (gan.PAGE, toy.PAGE")


def add_tab(program):
    """A folder, and a line in TABS."""
    folder = program / "tabs" / "hello"
    folder.mkdir()
    (folder / "__init__.py").write_text("", "utf-8")
    (folder / "tab.py").write_text(TAB, "utf-8")
    tabs = program / "tabs" / "__init__.py"
    change(tabs, "\nTABS", "from tabs.hello import tab as hello_tab\n\nTABS")
    change(tabs, '"Fine-tuning": finetuning_tab,', '"Fine-tuning": finetuning_tab,\n    "Hello": hello_tab,')


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    program = copy_program(tmp_path_factory.mktemp("program"))
    add_dataset(program)
    add_objective(program)
    add_tab(program)
    add_family(program)
    with running(program) as url:
        yield Client(url, verbose=False)


def train(client, **settings):
    """The status of a short run once it has ended."""
    small = {"architecture": "mlp", "features": 8, "batch": 16, "steps": 20, "seed": 1}
    run = client.predict(settings={**small, **settings}, owner="", api_name="/gan_start")["run"]
    wait_until(lambda: client.predict(run=run, api_name="/gan_status")["state"] in ENDED_STATES, seconds=120)
    return client.predict(run=run, api_name="/gan_status")


@pytest.mark.slow
def test_a_family_is_a_folder_a_file_and_an_entry(client):
    run = client.predict(settings={"steps": 20, "seed": 1}, owner="ann", api_name="/toy_start")["run"]
    wait_until(lambda: client.predict(run=run, api_name="/toy_status")["state"] in ENDED_STATES, seconds=120)
    status = client.predict(run=run, api_name="/toy_status")
    assert status["state"] == "finished", status
    assert {"Loss", "Fréchet distance"} <= set(status["metrics"])
    for name in ("samples", "walk"):
        assert client.predict(run=run, api_name=f"/toy_{name}")
    for name in ("run_file", "generator", "gif"):
        assert client.predict(run, api_name=f"/toy_{name}").endswith((".zip", ".gif"))
    opened = client.predict(handle_file(client.predict(run, api_name="/toy_run_file")), "", api_name="/toy_open")
    assert client.predict(run=opened, api_name="/toy_status")["progress"]["step"] == 20


def choices(client, label):
    """What the page offers under this label, as values."""
    props = (component["props"] for component in client.config["components"])
    return [{value for _, value in one["choices"]} for one in props if label in str(one.get("label", ""))]


@pytest.mark.slow
def test_a_dataset_is_one_folder(client):
    status = train(client, dataset="spirals")
    assert status["state"] == "finished", status
    assert status["metrics"]["Fréchet distance"] > 0
    assert any("spirals" in values for values in choices(client, '"Dataset"'))


@pytest.mark.slow
def test_an_objective_is_one_entry_and_one_choice(client):
    assert train(client, dataset="mnist", objective="softer")["state"] == "finished"
    assert any("softer" in values for values in choices(client, '"Objective"'))


@pytest.mark.slow
def test_a_tab_is_one_folder_and_one_line(client):
    assert client.predict("Ann", api_name="/hello") == "Hello, Ann!"
    assert "Hello" in [one["props"].get("label") for one in client.config["components"]] or any(
        "Hello" in str(one["props"].get("label")) for one in client.config["components"] if one["type"] == "tabitem"
    )
