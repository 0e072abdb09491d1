"""The Music tab from a script: everything that a person can do."""

import wave
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from engines.running.board import ENDED_STATES
from tabs.music.actions import opening
from tests.engines.music.tiny import TINY
from tests.fakes import wait_until
from tests.served import served

pytestmark = pytest.mark.slow
QUICK = {"passes": 4, "tries": 1, "seed": 1}


@pytest.fixture(scope="module")
def client():
    with served(only=("music",)) as (url, _):
        yield Client(url, verbose=False)


def filled(client, piece, how="fill", bars=4, settings=QUICK, run=""):
    return client.predict(piece, how, bars, settings, run, api_name="/music_fill")


def test_the_piece_that_the_tab_opens_with_is_whole():
    chorale, sure = opening()
    assert len(chorale) >= 64
    assert chorale.sounding.any(0).all()
    assert sure.shape == chorale.grid.shape


def test_a_script_composes_harmonises_and_repairs(client):
    made = filled(client, {}, "compose")
    assert [len(line) for line in made["voices"]] == [64] * 4
    assert "?" not in "".join(made["voices"])
    assert made["seed"] == 1
    melody = client.predict(name="Ode to Joy (Beethoven)", api_name="/music_melody")
    whole = filled(client, melody, "harmonise")
    assert whole["voices"][0] == melody["voices"][0]
    assert "?" not in "".join(whole["voices"])
    holed = {**whole, "voices": [line[:16] + "????" + line[20:].replace("-", ".", 1) for line in whole["voices"]]}
    holed = {name: holed[name] for name in ("voices", "bar", "pickup", "tempo")}
    assert "?" not in "".join(filled(client, holed)["voices"])


def test_files_are_written_and_read_again(client):
    made = filled(client, {}, "compose")
    piece = {name: made[name] for name in ("voices", "bar", "pickup", "tempo")}
    midi = client.predict(piece, "mid", "", api_name="/music_write")
    assert b"Machine-made with the AIGC Playground by the bundled chorale model" in Path(midi).read_bytes()
    again = client.predict(handle_file(midi), api_name="/music_read")
    assert again["tempo"] == piece["tempo"]
    with wave.open(client.predict(piece, "wav", "", api_name="/music_write")) as file:
        assert file.getnframes()


def test_a_run_of_ones_own_makes_music(client):
    started = client.predict(settings=TINY | {"steps": 30}, owner="", api_name="/music_start")
    run = started["run"]
    wait_until(lambda: client.predict(run=run, api_name="/music_status")["state"] in ENDED_STATES, seconds=120)
    status = client.predict(run=run, api_name="/music_status")
    assert status["state"] == "finished", status
    assert status["metrics"]["Held-out"] > 0
    made = filled(client, {}, "compose", run=run)
    piece = {name: made[name] for name in ("voices", "bar", "pickup", "tempo")}
    midi = client.predict(piece, "mid", run, api_name="/music_write")
    assert f"by run {run}".encode() in Path(midi).read_bytes()
    opened = client.predict(handle_file(client.predict(run, api_name="/music_run_file")), "", api_name="/music_open")
    assert client.predict(run=opened, api_name="/music_status")["progress"]["step"] == 30


def test_a_blind_test_has_two_passages(client):
    found = client.predict(seed=3, api_name="/music_pair")
    assert found["real"] in ("a", "b")
    assert "BWV" in found["source"]
    assert found["votes"] == {"right": 0, "answers": 0, "between": [0, 1]}
    assert len(found["a"]["voices"][0]) == len(found["b"]["voices"][0])


@pytest.mark.parametrize(
    ("piece", "how", "settings", "says"),
    [
        ({"voices": ["A"] * 4, "bar": 16, "pickup": 0, "tempo": 90}, "fill", QUICK, "There is no hole"),
        ({"voices": ["A"] * 3}, "fill", QUICK, "can't be read"),
        ({}, "dance", QUICK, "How must be one of"),
        ({}, "compose", {"temperature": "hot"}, "Temperature must be a number"),
        ({}, "compose", {"passes": 10**9}, "Passes must be a whole number"),
    ],
)
def test_a_bad_request_gets_one_clear_sentence(client, piece, how, settings, says):
    with pytest.raises(Exception, match=says):
        filled(client, piece, how, settings=settings)


def test_an_unknown_run_or_melody_gets_one_clear_sentence(client):
    with pytest.raises(Exception, match="There is no such run"):
        filled(client, {}, "compose", run="nonsense")
    with pytest.raises(Exception, match="There is no melody called"):
        client.predict(name="x", api_name="/music_melody")
