"""An estimate before Start comes from runs that computed here, and is silent where nothing is alike."""

from dataclasses import replace

import pytest

from engines.finetuning.config import FinetuningConfig
from engines.gan_training.config import ENGINE, GanConfig
from engines.running.events import Progress
from engines.running.runs import Run, Runs
from tabs.page.settings.usual import usual_seconds, words_for_usual

QUICK = GanConfig(steps=1000, batch=32)


def ran(tmp_path, config, seconds, step, total, events=lambda folder: iter(()), state="finished"):
    """A run that was at this step after so many seconds of computing."""
    run = Run(ENGINE, config, "owner", tmp_path, events=events)
    run.board.active_seconds = seconds
    run.board.fold(Progress(step, total))
    run.board.set_state(state)
    return run


def test_it_grows_with_the_steps_and_heeds_what_a_step_costs(tmp_path):
    before = [ran(tmp_path, QUICK, 20.0, 1000, 1000)]
    assert usual_seconds(QUICK, before) == 20.0
    assert usual_seconds(replace(QUICK, steps=5000, lr_g=1e-4, seed=7), before) == 100.0
    assert usual_seconds(replace(QUICK, batch=64), before) is None
    assert usual_seconds(replace(QUICK, steps=50_000), before) is None, "its start would count for too much"
    assert usual_seconds(QUICK, []) is None


def test_a_run_that_was_stopped_tells_too_if_it_had_come_far_enough(tmp_path):
    assert usual_seconds(QUICK, [ran(tmp_path, QUICK, 5.0, 250, 1000, state="stopped")]) == 20.0
    assert usual_seconds(QUICK, [ran(tmp_path, QUICK, 5.0, 20, 1000, state="stopped")]) is None
    assert usual_seconds(QUICK, [ran(tmp_path, QUICK, 5.0, 250, 1000, state="running")]) is None


def test_the_newest_tell_and_one_odd_one_does_not(tmp_path):
    before = [ran(tmp_path, QUICK, seconds, 1000, 1000) for seconds in (500.0, 20.0, 90.0, 22.0)]
    assert usual_seconds(QUICK, before) == 22.0


def test_ones_own_file_tells_nothing_of_another(tmp_path):
    config = FinetuningConfig(dataset="own_texts", model="minilm")
    assert usual_seconds(config, [ran(tmp_path, config, 20.0, 10, 10)]) is None


def test_runs_of_other_machines_do_not_count(tmp_path):
    runs = Runs()
    opened = ran(tmp_path, QUICK, 20.0, 1000, 1000, events=None)
    runs.add(opened.board, QUICK, owner="")
    assert usual_seconds(QUICK, runs.computed_here(ENGINE)) is None


@pytest.mark.parametrize(
    ("seconds", "says"), [(2, "5 s"), (41, "40 s"), (80, "1 min"), (325, "5 min"), (9000, "2.5 h")]
)
def test_it_is_said_as_a_person_would(seconds, says):
    assert f"about {says} on this machine" in words_for_usual(seconds)
