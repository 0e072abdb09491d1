"""Forks of runs: from a kept point on, with other settings, whose history is the parent's up to there."""

import pytest

from engines.gan_training.config import GanConfig
from engines.messages import ConfigError, EngineError
from engines.points_training.config import PointsConfig
from engines.points_training.engine import train
from engines.running.board import Board
from engines.running.forks.forking import Origin, inherit, settings_of_fork
from engines.running.forks.points import points_of
from engines.running.forks.tree import family
from engines.running.runs import Runs
from tests.fakes import FakeConfig, full_board

SMALL = PointsConfig(steps=60, width=8, batch=16, seed=4)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    made = Runs(folder=tmp_path_factory.mktemp("runs"))
    made.adopt("points_training", PointsConfig, train)
    return made


@pytest.fixture(scope="module")
def parent(runs):
    run = runs.start("points_training", SMALL, lambda own: train(SMALL, own), "ann")
    run.thread.join(60)
    assert run.board.state == "finished"
    return run


def fork(runs, run, owner="ann", step=None, **changes):
    step = step or points_of(run.folder)[-1].step
    config = settings_of_fork(run.config, {"steps": step + 40, **changes}, step)
    forked = runs.fork(run, step, config, lambda own: train(config, own), owner)
    forked.thread.join(60)
    return forked


def test_a_fork_goes_on_where_its_parent_was_with_other_settings(runs, parent):
    forked = fork(runs, parent, lr=1e-4, objective="hinge")
    assert (forked.board.state, forked.board.error) == ("finished", None)
    assert forked.board.progress.step == 100
    assert forked.config.lr == 1e-4
    before, after = (dict(rows(run, "losses")) for run in (parent, forked))
    assert before.items() <= after.items()
    assert max(after) == 100
    assert parent.board.progress.step == 60, "the parent stays as it is"


def rows(run, group):
    return [(row[0], row[1:]) for row in run.board.series[group].rows]


def test_one_may_fork_a_watched_run_only_if_its_owner_allows(runs, parent):
    with pytest.raises(EngineError, match="Only the person who started this run can fork it"):
        fork(runs, parent, owner="bob")
    runs.control(parent.id, "ann", "allow_forks")
    forked = fork(runs, parent, owner="bob")
    assert forked.owned_by("bob")
    runs.control(parent.id, "ann", "forbid_forks")
    with pytest.raises(EngineError, match="Only the person who started"):
        fork(runs, parent, owner="bob")
    with pytest.raises(EngineError, match="Only the person who started this run can do that"):
        runs.control(parent.id, "bob", "allow_forks")


def test_the_switch_and_the_tree_survive_a_restart(runs, parent):
    forked = fork(runs, parent)
    runs.control(parent.id, "ann", "allow_forks")
    again = Runs(folder=parent.folder.parent)
    again.adopt("points_training", PointsConfig, train)
    assert again.get(parent.id).forkable
    assert again.get(forked.id).origin == Origin(parent.id, 60, forked.origin.seconds)
    assert points_of(again.get(parent.id).folder)
    runs.control(parent.id, "ann", "forbid_forks")


def test_the_tree_shows_parent_step_and_forks_from_any_of_them(runs, parent):
    child = fork(runs, parent)
    grandchild = fork(runs, child)
    for run in (parent, child, grandchild):
        tree = family(runs, run)
        assert tree.run is parent
        steps = {node.id: node.step for node in tree.walk()}
        assert (steps[child.id], steps[grandchild.id]) == (60, 100)


def test_a_parent_that_is_gone_stays_in_the_tree_as_gone():
    runs = Runs()
    run = runs.add(Board("fake", {}, state="finished"), FakeConfig(), "ann")
    run.origin = Origin("gone-for-good", 30)
    tree = family(runs, run)
    assert (tree.id, tree.run, [node.run for node in tree.children]) == ("gone-for-good", None, [run])


def test_what_a_fork_cannot_change_is_named_with_what_it_can():
    config = GanConfig(seed=3)
    changes = {"lr_g": 1e-4, "steps": 30_000}
    assert settings_of_fork(config, changes, 20_000) == GanConfig(seed=3, lr_g=1e-4, steps=30_000)
    assert settings_of_fork(config, {**changes, "seed": -1}, 20_000).seed == 3
    with pytest.raises(ConfigError, match=r"can't change: Architecture, Features\. What can: Learning rate of G, "):
        settings_of_fork(config, {**changes, "architecture": "mlp", "features": 8}, 20_000)
    with pytest.raises(ConfigError, match="can't change: Seed"):
        settings_of_fork(config, {**changes, "seed": 4}, 20_000)
    with pytest.raises(ConfigError, match="Steps must be more than 20000"):
        settings_of_fork(config, {}, 20_000)
    with pytest.raises(ConfigError, match="Learning rate of G must be a number"):
        settings_of_fork(config, {"lr_g": "fast"}, 100)
    with pytest.raises(EngineError, match="can't be forked"):
        settings_of_fork(FakeConfig(), {}, 1)


def test_the_history_up_to_the_fork_is_the_parents_and_its_end_is_not():
    parent = full_board()
    board = inherit(parent, FakeConfig(steps=50), 20)
    assert (board.state, board.config["steps"], board.progress.total) == ("queued", 50, 50)
    assert [frame.step for frame in board.frames()] == list(range(1, 21))
    assert board.reference == parent.reference
    assert max(row[0] for row in board.series["losses"].rows) == 20
    assert board.planes.latest()[-1].step == board.writings.newest.step == 20
    assert (board.verdict, board.weights, board.shares, board.exhibits) == (None, None, None, {})
    assert parent.verdict
    assert len(parent.frames()) == 30


def test_a_point_that_is_gone_leaves_nothing_behind(runs, parent):
    before = set(parent.folder.parent.iterdir())
    with pytest.raises(EngineError, match="not kept any more"):
        fork(runs, parent, step=7)
    assert set(parent.folder.parent.iterdir()) == before
