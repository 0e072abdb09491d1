"""A demo for strangers: what `--public` limits, and that one visitor never meets another."""

import subprocess
import sys

import httpx
import pytest
from gradio_client import Client, handle_file

from engines.image_generation.catalog import OWN
from engines.limits import Limits, markdown_table
from engines.running.board import ENDED_STATES
from engines.running.runs import Runs
from tests import ROOT
from tests.fakes import wait_until
from tests.served import served

pytestmark = pytest.mark.slow  # each serves the app anew
SMALL = {"dataset": "mnist", "architecture": "mlp", "features": 8, "batch": 16, "steps": 20}
PICTURE = {"prompt": "red apple", "seed": 1, "batch": 1, "steps": 2}
LIMITS = Limits(
    steps=1_000, tokens=100, picture_work=10**6, upload_mb=1, visitor_requests=6, visitor_runs=1, run_minutes=1
)


@pytest.fixture
def url():
    with served(Runs(LIMITS.for_runs()), LIMITS) as (address, _):
        yield address


@pytest.fixture
def client(url):
    return Client(url, verbose=False)


FILES = (None, None)
TOO_MUCH = {
    "gan_start": ([{**SMALL, "steps": 5_000}, "ann"], "Steps may be at most 1000 here"),
    "text_continue": (["x", {"max_new_tokens": 500}], "Max new tokens may be at most 100 here"),
    "image_generate": ([{**PICTURE, "steps": 100, "batch": 4}, *FILES, "ann"], "at most 1000000 here; it is 1638400"),
    "image_xy": (["steps", "100, 150", "seed", "1, 2", PICTURE, *FILES, "bob"], "at most 1000000 here; it is 2048000"),
    "image_walk": (["pear", -1, 60, "webp", {**PICTURE, "steps": 20}, *FILES, "bob"], "1000000 here; it is 4915200"),
}


@pytest.mark.parametrize("endpoint", TOO_MUCH)
def test_each_tab_refuses_what_is_too_much(client, endpoint):
    inputs, says = TOO_MUCH[endpoint]
    with pytest.raises(Exception, match=says):
        client.predict(*inputs, api_name=f"/{endpoint}")


def test_a_visitor_who_asks_without_end_is_slowed_and_others_are_not(client):
    for _ in range(LIMITS.visitor_requests):
        client.predict(PICTURE, None, None, "ann", api_name="/image_generate")
    with pytest.raises(Exception, match=r"at most 6 requests a minute\. Try again in \d+ s"):
        client.predict(PICTURE, None, None, "ann", api_name="/image_generate")
    assert client.predict(PICTURE, None, None, "bob", api_name="/image_generate")


def test_a_visitor_has_as_many_trainings_as_are_allowed(client):
    long = {**SMALL, "steps": 1_000, "batch": 256, "features": 128}
    client.predict(long, "ann", api_name="/gan_start")
    with pytest.raises(Exception, match="as many as one visitor may have here"):
        client.predict({"dataset": "intents"}, None, "ann", "", api_name="/finetuning_start")


def test_a_file_that_is_too_large_is_refused(url, client, tmp_path):
    (tmp_path / "big.zip").write_bytes(bytes(2 * 10**6))
    answer = httpx.post(f"{url}gradio_api/upload", files={"files": ("big.zip", bytes(2 * 10**6))})
    assert answer.status_code == 413
    with pytest.raises(Exception, match="exceeds the maximum file size"):
        client.predict(handle_file(tmp_path / "big.zip"), "ann", api_name="/gan_open")


def own_generators(client, owner):
    models = client.predict(owner=owner, api_name="/image_models")
    return [model["id"] for model in models if model["id"].startswith(OWN)]


def test_one_visitor_never_meets_another(url, client, tmp_path):
    mine = client.predict(SMALL, "", api_name="/gan_start")
    run, key = mine["run"], mine["owner"]
    assert len(run) >= 12, "nobody guesses a run"
    assert len(key) >= 20, "nor a key"
    wait_until(lambda: client.predict(run=run, api_name="/gan_status")["state"] in ENDED_STATES, seconds=60)
    [generator] = own_generators(client, key)
    other = Client(url, verbose=False)
    for stranger in ("", "bob", run, key[:-1]):
        with pytest.raises(Exception, match="you are watching it"):
            other.predict(run=run, owner=stranger, action="stop", api_name="/gan_control")
        assert own_generators(other, stranger) == []
        with pytest.raises(Exception, match="This generator is not here any more"):
            other.predict({"model": generator}, None, None, stranger, api_name="/image_generate")
    status = str(other.predict(run=run, api_name="/gan_status"))
    assert key not in status, "who watches does not learn the key"
    assert key not in httpx.get(f"{url}config").text


def test_whoever_watches_the_server_sees_that_it_lives(url):
    answer = httpx.get(f"{url}health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "runs": 0})


def test_the_readme_has_the_table_of_limits():
    assert markdown_table() in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--public", "--allow-any-model"], "--allow-any-model is not for a public demo"),
        (["--steps", "many"], "AIGC_STEPS must be a number"),
        (["--public", "--slots", "0"], "Trainings at once must be a whole number from 1 to 64"),
    ],
)
def test_a_command_line_that_makes_no_sense_is_told_so(options, says):
    ended = subprocess.run([sys.executable, "app.py", *options], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
