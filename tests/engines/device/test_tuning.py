"""What is tried out, what is kept of it, and when it no longer holds."""

import json
import os
import subprocess
import sys
import time

import pytest
import torch

from engines.device import pick_dtype, precision, tuning, usual
from engines.device.cores import Neighbours
from engines.device.tuning import Choice, Pace, choose, kept, measure, ways
from tests import ROOT


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


SLOW, FAST = Choice(threads=1, lanes=2), Choice(threads=2)


class Trials:
    """Steps that take so many milliseconds; counts how often one was made."""

    def __init__(self, **milliseconds):
        self.milliseconds, self.made = milliseconds, 0

    def __call__(self, choice):
        self.made += 1
        seconds = self.milliseconds["fast" if choice == FAST else "slow"] / 1000
        return lambda: time.sleep(seconds)


def test_the_fastest_is_taken_and_taken_again_without_trying():
    trials = Trials(fast=1, slow=9)
    first = choose("job", "small", [SLOW, FAST], trials)
    assert first == FAST
    assert 1 <= first.milliseconds < 9
    assert trials.made == 2
    trials.milliseconds = {"fast": 9, "slow": 1}
    assert choose("job", "small", [SLOW, FAST], trials) == FAST
    assert trials.made == 2


@pytest.mark.parametrize("other", [{"job": "other"}, {"shapes": "large"}, {"free": 3}])
def test_another_network_or_other_free_cores_are_tried_anew(other):
    trials = Trials(fast=1, slow=3)
    usual_question = {"job": "job", "shapes": "small", "free": 1}
    choose(tries=[SLOW, FAST], trial=trials, **usual_question)
    choose(tries=[SLOW, FAST], trial=trials, **usual_question | other)
    assert trials.made == 4


def test_another_processor_or_pytorch_is_tried_anew(monkeypatch):
    trials = Trials(fast=1, slow=3)
    choose("job", "small", [SLOW, FAST], trials)
    monkeypatch.setattr(tuning, "processor", lambda: "another")
    choose("job", "small", [SLOW, FAST], trials)
    monkeypatch.setattr(torch, "__version__", "99")
    choose("job", "small", [SLOW, FAST], trials)
    assert trials.made == 6


def test_a_hair_faster_is_no_reason_to_change():
    assert choose("job", "small", [SLOW, FAST], Trials(fast=20, slow=20)) == SLOW


def test_a_hopeless_way_is_given_up_soon():
    began = time.perf_counter()
    fastest, slowest = measure([SLOW, FAST], Trials(fast=1, slow=300))
    assert (fastest, slowest) == (FAST, SLOW)
    assert time.perf_counter() - began < 1.5


def test_where_there_is_one_way_nothing_is_tried():
    trials = Trials(slow=1)
    assert choose("job", "small", [SLOW], trials) == SLOW
    assert trials.made == 0
    assert kept() == {}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"job": 1}'])
def test_a_damaged_file_only_means_measuring_again(cache, content):
    trials = Trials(fast=1, slow=5)
    choose("job", "small", [SLOW, FAST], trials)
    file = cache / "computing.json"
    (key,) = json.loads(file.read_text())
    file.write_text(content)
    assert choose("job", "small", [SLOW, FAST], trials) == FAST
    file.write_text(json.dumps({key: {"choice": {"dtype": "complex64", "threads": -1}}}))
    assert choose("job", "small", [SLOW, FAST], trials) == FAST


def test_a_cache_that_cannot_be_written_is_done_without(cache):
    cache.write_text("a file where the folder should be")
    assert choose("job", "small", [SLOW, FAST], Trials(fast=1, slow=5)) == FAST
    assert kept() == {}


def test_threads_are_only_tried_on_cores_that_are_free():
    assert {way.threads for way in ways(1, lanes=2)} == {1}
    assert ways(1, lanes=2)[0].lanes == 2
    assert any(way.threads == 2 for way in ways(2, lanes=2))
    assert max(way.threads * way.lanes for way in ways(16, lanes=2)) <= 16
    assert {way.layout for way in ways(1, layouts=("channels_last", "contiguous"))} == set(tuning.LAYOUTS)


def test_trying_leaves_pytorchs_threads_as_they_were():
    before = torch.get_num_threads()
    measure([Choice(threads=2), Choice(threads=1)], Trials(fast=1, slow=1))
    assert torch.get_num_threads() == before


def test_a_choice_goes_through_json_and_is_told():
    choice = Choice("bfloat16", 2, 1, "contiguous", 3.1)
    again = Choice.from_dict(json.loads(json.dumps(choice.to_dict())))
    assert (again, again.milliseconds) == (choice, 3.1)
    assert choice.type is torch.bfloat16
    assert choice.memory_format is torch.contiguous_format
    assert choice.describe().startswith("bfloat16, threads: 2, lanes: 1, layout: contiguous; 3.1 ms a step")
    assert "ms" not in Choice().describe()
    assert choice.describe("cuda") == "bfloat16, on the GPU"
    with pytest.raises(ValueError, match="not a way"):
        Choice.from_dict({"dtype": "float32"})


def test_a_pace_that_is_slow_for_long_is_told_and_a_moment_is_not():
    pace = Pace(Choice(milliseconds=10.0))
    assert not any(pace.add(0.01) for _ in range(1000))
    assert not any(pace.add(0.3) for _ in range(8))  # 2.4 s
    assert not any(pace.add(0.01) for _ in range(200))
    assert any(pace.add(0.3) for _ in range(20))
    unknown = Pace(Choice())
    assert not any(unknown.add(9.0) for _ in range(9))


def test_the_number_type_is_one_that_the_processor_multiplies_in():
    cpu = torch.device("cpu")
    assert precision(cpu) is pick_dtype(cpu)
    assert precision(cpu) in ((torch.float32, torch.bfloat16) if tuning.multiplies_bfloat16() else (torch.float32,))
    assert usual(cpu).type is precision(cpu)
    assert usual(cpu, processes=99).threads == 1


@pytest.mark.parametrize(("named", "cores"), [("", None), ("many", None), ("-3", None), ("1", 1), ("0", 1)])
def test_some_core_is_always_free_and_their_number_may_be_named(monkeypatch, named, cores):
    monkeypatch.setenv("AIGC_CORES", named)
    found = Neighbours().free()
    assert found == cores if cores else 1 <= found <= os.cpu_count()


@pytest.mark.slow
def test_the_command_prints_what_was_measured(cache):
    command = [sys.executable, "-m", "engines.device"]
    printed = [subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    assert "a few multiplications are tried" in printed[0]
    assert "a few multiplications are tried" not in printed[1]
    assert "torch" in printed[1]
    assert "->" in printed[1] or torch.get_num_threads() == 1
