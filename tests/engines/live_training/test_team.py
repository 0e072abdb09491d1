"""Two processes that train one GAN, as torchrun starts them, here on the CPU."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile

import pytest
import torch

from engines.live_training.team import Team, stream_seed
from engines.messages import ConfigError
from engines.running.run_files import load_run
from engines.running.run_store import CHECKPOINT
from tests import ROOT
from tests.fakes import free_port, wait_until
from tests.two_ranks import CONFIGS, digest, trained

SMALL = ["--architecture", "mlp", "--features", "16", "--batch", "32", "--ema", "0.9", "--seed", "1"]


def torchrun(processes, *arguments):
    """The command; its own log is left out."""
    return [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--log-dir", os.devnull),
        *("--nproc-per-node", str(processes), "-m", *map(str, arguments)),
    ]


def run(command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_two_ranks_end_with_the_same_weights(tmp_path):
    run(torchrun(2, "tests.two_ranks", tmp_path))
    zero, one = (json.loads((tmp_path / f"{rank}.json").read_text("utf-8")) for rank in (0, 1))
    assert zero["weights"] == one["weights"]
    alone = [digest(trained(values | {"batch": 4}, None, every=2, lanes=False)) for values in CONFIGS]
    assert zero["alike"] == one["alike"] == alone, "the mean of two gradients that are the same"
    assert zero["noise"] != one["noise"]
    assert zero["pictures"] != one["pictures"]
    assert zero["shared"] == one["shared"] == "said by rank 0"
    assert zero["agreed"] == one["agreed"] == [True, False]
    assert zero["gathered"] == one["gathered"] == [0, 1]


def test_a_team_of_one_gives_what_the_plain_trainer_gives(monkeypatch):
    environment = {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}
    for name, value in {**environment, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}.items():
        monkeypatch.setenv(name, value)
    team = Team.join()
    try:
        for values in CONFIGS:
            assert digest(trained(values, team)) == digest(trained(values, None))
    finally:
        team.leave()


@pytest.mark.slow
def test_two_processes_learn_stop_and_go_on(tmp_path):
    folder = tmp_path / "run"
    settings = [*SMALL, "--steps", "300", "--folder", folder]
    command = torchrun(2, "engines.gan_training", *settings)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as mates:
        wait_until(lambda: (folder / CHECKPOINT / "training.safetensors").exists(), seconds=240)
        mates.terminate()  # torchrun passes it on
        mates.wait(240)
    assert mates.returncode != 0
    assert json.loads((folder / "record.json").read_text("utf-8"))["state"] == "interrupted"
    run(torchrun(2, "engines.gan_training", "--folder", folder, "--resume", "--out", tmp_path / "run.zip"))
    board = load_run(tmp_path / "run.zip")
    assert board.state == "finished"
    assert board.weights.step == 300
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        scores = list(csv.DictReader(io.StringIO(archive.read("scores.csv").decode())))
    first, last = (float(scores[i]["Fréchet distance"]) for i in (0, -1))
    assert last < 0.9 * first


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(ConfigError, match="Batch size must be a multiple of 3"):
        trained({"batch": 8}, Team(0, 3, 3, torch.device("cpu")))


def test_rank_zero_draws_what_a_trainer_alone_draws():
    assert stream_seed(7, None) == stream_seed(7, Team(0, 4, 4, None)) == 7
    seeds = {stream_seed(seed, Team(rank, 64, 8, None)) for seed in (0, 1, 2**31 - 1) for rank in range(64)}
    assert len(seeds) == 3 * 64
    assert all(0 <= seed < 2**32 for seed in seeds)


@pytest.mark.parametrize("steps", [10, 1000])
def test_a_mate_that_is_new_does_not_repeat_its_noise(steps):
    mate = Team(1, 2, 2, None)
    assert stream_seed(7, mate, steps) != stream_seed(7, mate)
