import gradio as gr
import pytest

from engines.gan_training.config import GanConfig
from engines.limits import Limits
from engines.messages import Message
from engines.running.board import Board
from engines.running.run_files import save_run
from engines.running.runs import Runs
from tabs.comparison.race import RaceActions
from tabs.comparison.tab import ComparisonTab
from tabs.page.gate import Gate


@pytest.fixture
def runs():
    made = Runs()
    made.adopt("gan_training", GanConfig, lambda config, folder: iter(()), "GAN")
    for run_id, owner in (("example", ""), ("anns-first", "ann"), ("anns-second", "ann"), ("bobs-run", "bob")):
        made.add(
            Board("gan_training", GanConfig(seed=1).to_dict(), state="finished"), GanConfig(seed=1), owner, run_id
        )
    return made


@pytest.fixture
def tab(runs):
    gate = Gate(Limits())
    return ComparisonTab(runs, gate, RaceActions(runs, gate, {}))


def listed(update):
    return [run_id for _, run_id in update["choices"]]


def test_one_sees_ones_own_runs_and_the_examples_and_nobody_elses(tab):
    choices, query = tab.arrive("ann", {}, "", None)
    assert listed(choices) == ["anns-second", "anns-first", "example"]
    assert query == "runs=anns-second%2Canns-first"
    assert listed(tab.list_runs("stranger", [], None)) == ["example"]
    assert listed(tab.list_runs("", None, None)) == ["example"]


def test_who_has_a_watch_link_may_compare_that_run(tab):
    link = "http://127.0.0.1:7860/?run=bobs-run&lang=zh"
    choices, query, left = tab.add_link("ann", ["anns-first"], link, None)
    assert listed(choices)[-2:] == ["bobs-run", "example"]
    assert (choices["value"], query, left) == (["anns-first", "bobs-run"], "runs=anns-first%2Cbobs-run", "")
    assert tab.add_link("ann", [], " bobs-run ", None)[0]["value"] == ["bobs-run"]
    for wrong in ("", "http://example.org/", "?run=", None):
        with pytest.raises(gr.Error, match="no such run"):
            tab.add_link("ann", [], wrong, None)


def test_a_link_brings_its_runs_and_axis_even_if_one_is_gone(tab):
    visit = {"tab": "comparison", "runs": "bobs-run,gone-run-1", "axis": "seconds"}
    choices, query = tab.arrive("ann", visit, "", None)
    assert query == "runs=bobs-run%2Cgone-run-1&axis=seconds"
    assert ("Gone", "gone-run-1") in choices["choices"]
    for odd in ({"runs": None}, {"runs": "../../etc,<b>"}, {"axis": "'"}):
        assert tab.arrive("ann", odd, "", None)[1] == "runs=anns-second%2Canns-first"


def test_a_fifth_run_is_refused(tab):
    with pytest.raises(gr.Error, match="at most 4 runs"):
        tab.add_link("ann", ["a", "b", "c", "d"], "bobs-run", None)


def test_a_handed_run_joins_or_meets_another_one(tab):
    assert tab.take("ann", [], "bobs-run 1700000000", None)[1] == "runs=bobs-run%2Canns-second"
    assert tab.take("ann", ["anns-first"], "bobs-run 1", None)[1] == "runs=anns-first%2Cbobs-run"
    full = tab.take("ann", ["a-run-1", "b-run-1", "c-run-1", "d-run-1"], "bobs-run 1", None)
    assert full[0]["value"] == ["b-run-1", "c-run-1", "d-run-1", "bobs-run"]


def test_a_run_file_of_any_tab_can_be_added(tab, runs, tmp_path):
    save_run(runs.get("bobs-run").board, tmp_path / "run.zip")
    choices, _, _ = tab.add_file("ann", ["anns-first"], str(tmp_path / "run.zip"), None)
    assert len(choices["value"]) == 2
    assert runs.get(choices["value"][1]).owned_by("ann")
    runs.get("bobs-run").board.engine = "unknown"
    save_run(runs.get("bobs-run").board, tmp_path / "other.zip")
    with pytest.raises(gr.Error, match="does not train"):
        tab.add_file("ann", [], str(tmp_path / "other.zip"), None)


def test_the_list_says_what_each_run_is(tab):
    labels = {run_id: label for label, run_id in tab.list_runs("ann", [], None)["choices"]}
    assert labels["example"] == "GAN · Fashion-MNIST · example"
    assert labels["anns-first"] == "GAN · Fashion-MNIST · 0 min ago"
    assert str(Message("{count} min ago", count=0)) in labels["anns-second"]
