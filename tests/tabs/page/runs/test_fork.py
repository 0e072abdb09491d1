"""What the Fork panel and its endpoint say of a run, to its owner and to others."""

import gradio as gr
import pytest

from engines.limits import Limits
from engines.points_training.config import ENGINE, PointsConfig
from engines.running.board import Board
from engines.running.forks.points import points_of
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from tabs.live_training.points.actions import PointsActions
from tabs.page.gate import Gate
from tabs.page.runs.fork import ForkPanel
from tests.fakes import wait_until

SMALL = {"steps": 40, "width": 8, "batch": 16, "seed": 4}


@pytest.fixture(scope="module")
def actions():
    return PointsActions(Runs(), Gate(Limits(steps=1000)), Here())


@pytest.fixture(scope="module")
def panel(actions):
    with gr.Blocks(), gr.Tab("Fork") as place:
        return ForkPanel(actions, "points", place, gr.Textbox())


@pytest.fixture(scope="module")
def parent(actions):
    return ended(actions, actions.start(SMALL, "ann")["run"])


def ended(actions, run_id):
    run = actions.runs.get(run_id)
    wait_until(lambda: run.board.ended, 60)
    assert run.board.state == "finished", run.board.error
    return run


def shown(panel, run, owner):
    point, button, allowed, tree, relatives, compare = panel.show(run.id, owner, None, None)
    return {
        "points": [value for _, value in point["choices"]],
        "may": button["interactive"],
        "switch": allowed["visible"],
        "tree": tree,
        "relatives": relatives.split(","),
        "compare": compare["visible"],
    }


def test_a_script_forks_at_a_point_that_the_status_names(actions, parent):
    status = actions.status(parent.id)
    assert status["points"] == [point.step for point in points_of(parent.folder)]
    assert status["forked_from"] is None
    told = actions.fork(parent.id, 0, {"steps": 60, "lr": 1e-4}, "ann")
    forked = ended(actions, told["run"])
    assert (told["config"]["lr"], told["config"]["seed"], forked.board.progress.step) == (1e-4, 4, 60)
    assert actions.status(forked.id)["forked_from"] == {"run": parent.id, "step": 40}


@pytest.mark.parametrize(
    ("step", "settings", "says"),
    [
        (7, {"steps": 60}, "not kept any more"),
        ("x", {"steps": 60}, "not kept any more"),
        (0, {"steps": 60, "width": 32}, "can't change: Width"),
        (0, {"steps": 2000}, "Steps may be at most 1000"),
        (0, {}, "Steps must be more than 40"),
        (0, [1], "must be a JSON object"),
        (0, {"steps": 60, "nonsense": 1}, "no setting called"),
    ],
)
def test_a_fork_that_cannot_be_gets_one_clear_sentence(actions, parent, step, settings, says):
    with pytest.raises(gr.Error, match=says):
        actions.fork(parent.id, step, settings, "ann")


def test_the_owner_sees_points_and_switch_and_others_only_what_is_allowed(actions, panel, parent):
    mine, theirs = shown(panel, parent, "ann"), shown(panel, parent, "bob")
    assert mine["points"][0] == 0
    assert mine["points"][1:] == [point.step for point in points_of(parent.folder)][::-1]
    assert (mine["may"], mine["switch"]) == (True, True)
    assert (theirs["may"], theirs["switch"]) == (False, False)
    assert "Only the person who started this run can fork it" in theirs["tree"]
    actions.control(parent.id, "ann", "allow_forks")
    assert shown(panel, parent, "bob")["may"]
    forked = ended(actions, actions.fork(parent.id, 0, {"steps": 60, "objective": "hinge"}, "bob")["run"])
    actions.control(parent.id, "ann", "forbid_forks")
    bobs = shown(panel, forked, "bob")
    assert f'href="?run={parent.id}"' in bobs["tree"]
    assert "Objective: Hinge" in bobs["tree"]
    assert (bobs["relatives"], bobs["compare"]) == ([forked.id, parent.id], True)
    anns = shown(panel, parent, "ann")
    assert forked.id not in anns["tree"], "who forks does not give their own run away"
    assert "a run of somebody else" in anns["tree"]


def test_a_run_of_a_file_has_no_points_and_says_so(actions, panel):
    config = PointsConfig(**SMALL)
    run = actions.runs.add(Board(ENGINE, config.to_dict(), state="finished"), config, "ann")
    told = shown(panel, run, "ann")
    assert (told["points"], told["may"], told["switch"]) == ([0], False, False)
    assert "came as a file" in told["tree"]
