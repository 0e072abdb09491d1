"""Melodies from a script: everything that a person can do."""

import wave
import zipfile
from pathlib import Path

import pytest
from gradio_client import Client

from engines.music.score.midi import read_midi
from engines.running.board import ENDED_STATES
from tests.engines.music.melody_vae.tiny import TINY
from tests.fakes import wait_until
from tests.served import served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client():
    with served(only=("melodies",)) as (url, _):
        yield Client(url, verbose=False)


@pytest.fixture(scope="module")
def run(client):
    started = client.predict(settings=TINY | {"steps": 30}, owner="", api_name="/melody_start")["run"]
    wait_until(lambda: client.predict(run=started, api_name="/melody_status")["state"] in ENDED_STATES, 120)
    assert client.predict(run=started, api_name="/melody_status")["state"] == "finished"
    return started


def test_a_run_has_a_map_and_ways_on_it(client, run):
    chart = client.predict(run=run, api_name="/melody_map")
    assert len(chart["melodies"]) == len(chart["redrawn"]) == len(chart["places"])
    way = client.predict(run=run, first=0, last=5, way="straight", api_name="/melody_morph")
    assert (way["first"], way["stops"][0]) == (chart["melodies"][0], chart["redrawn"][0])
    assert way["stops"][-1] == chart["redrawn"][5]


def test_a_run_is_forked_and_taken_home_as_a_script(client):
    started = client.predict(settings=TINY | {"steps": 30}, owner="me", api_name="/melody_start")["run"]
    wait_until(lambda: client.predict(run=started, api_name="/melody_status")["state"] in ENDED_STATES, 120)
    changes = {"steps": 40, "beta": 1.0}
    fork = client.predict(run=started, step=0, settings=changes, owner="me", api_name="/melody_fork")
    assert fork["config"]["beta"] == 1.0
    wait_until(lambda: client.predict(run=fork["run"], api_name="/melody_status")["state"] in ENDED_STATES, 120)
    status = client.predict(run=fork["run"], api_name="/melody_status")
    assert (status["state"], status["progress"]["step"]) == ("finished", 40)
    assert status["forked_from"] == {"run": started, "step": 30}
    with pytest.raises(Exception, match="can't change: Width"):
        client.predict(run=started, step=0, settings={"width": 64}, owner="me", api_name="/melody_fork")
    with zipfile.ZipFile(client.predict(started, api_name="/melody_script")) as archive:
        assert set(archive.namelist()) == {"train.py", "melodies.npz"}


def test_new_melodies_are_files(client, run):
    lines = client.predict(run=run, count=2, seed=7, api_name="/melody_sample")
    assert {len(line) for line in lines} <= {24, 32}
    line = "[-------_-------b---_---[-------"
    midi = Path(client.predict(line=line, kind="mid", run=run, api_name="/melody_write")).read_bytes()
    assert f"Machine-made with the AIGC Playground by run {run} of the melody VAE".encode() in midi
    piece = read_midi(midi)
    assert [note.pitch for note in piece.notes] == [62, 66, 69, 66, 62]
    with wave.open(client.predict(line=line, kind="wav", run="", api_name="/melody_write")) as file:
        assert file.getnframes()


@pytest.mark.parametrize(
    ("endpoint", "values", "says"),
    [
        ("/melody_write", {"line": "nonsense"}, "A melody is a line of 24 or 32 characters"),
        ("/melody_write", {"line": "." * 32, "kind": "exe"}, "Kind must be one of mid, wav"),
        ("/melody_sample", {"count": 1000}, "Melodies must be a whole number from 1 to 64"),
        ("/melody_morph", {"first": 0, "last": 4000}, "Melody must be a whole number from 0 to 399"),
    ],
)
def test_what_cannot_be_is_said(client, run, endpoint, values, says):
    asked = values if endpoint == "/melody_write" else {"run": run, **values}
    with pytest.raises(Exception, match=says):
        client.predict(**asked, api_name=endpoint)


def test_a_run_that_is_not_there_is_said(client):
    with pytest.raises(Exception, match="There is no such run"):
        client.predict(run="nonsense", api_name="/melody_map")
