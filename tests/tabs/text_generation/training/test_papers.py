"""The papers' measures in the panel: of the run above or the bundled model, and for a script."""

import math

import gradio as gr
import pytest

from engines.gpt_training import papers
from engines.gpt_training.config import ENGINE
from engines.gpt_training.papers import COUNTING, MADE, PERPLEXITY, REAL
from engines.messages import EngineError
from engines.running.board import Board
from engines.running.events import Metrics
from tabs.page.markup import say_in
from tabs.text_generation.training.actions import BUNDLED, RUN
from tabs.text_generation.training.papers import TextPapersPanel, told
from tests.engines.gpt_training.tiny import POEMS, trainer, weights_of
from tests.tabs.text_generation.training.test_panel import actions

SCORED = dict.fromkeys(("BLEU", "ROUGE-1", "ROUGE-2", "ROUGE-L", "Distinct-1", "Distinct-2"), 3.25)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(papers, "load_documents", lambda config: POEMS)


def test_the_perplexity_stands_with_its_interval_and_what_counting_reaches():
    found = {
        PERPLEXITY: Metrics(63439, {"Perplexity": 37.6, "Low": 36.7, "High": 38.6}, PERPLEXITY),
        COUNTING: Metrics(63439, {"1-gram": 597.0, "5-gram": 107.6}, COUNTING),
        MADE: Metrics(50, {**SCORED, "ROUGE-2": math.nan}, MADE),
        REAL: Metrics(50, SCORED, REAL),
    }
    html = told(found, say_in("en"))
    assert "37.60 a character, 95 % sure between 36.70 and 38.60, on 63,439 held-out characters" in html
    assert "Counting 5-grams reaches 107.60" in html
    assert html.count("<td>3.25</td>") == 11
    assert "<td>–</td>" in html
    assert "困惑度" in told(found, say_in("zh"))


def test_a_run_is_measured_for_a_script_and_a_masked_one_says_why_not(few):
    own, found = actions(), {}
    for model in ("gpt", "masked"):
        one = trainer(model, steps=5)
        board = Board(ENGINE, one.config.to_dict())
        board.fold(weights_of(one))
        found[model] = own.runs.add(board, one.config, owner="ann").id
    answer = own.papers(found["gpt"], {"count": 10})
    assert set(answer) == {PERPLEXITY, COUNTING, MADE, REAL}
    assert answer[PERPLEXITY]["Low"] < answer[PERPLEXITY]["Perplexity"]
    with pytest.raises(gr.Error, match="A masked model fills gaps"):
        own.papers(found["masked"], {})
    with pytest.raises(gr.Error, match="Texts must be"):
        own.papers(found["gpt"], {"count": 1})


def test_the_panel_measures_the_model_that_is_chosen(monkeypatch):
    own, asked = actions(), []
    with gr.Blocks():
        panel = TextPapersPanel(own, "gpt")

    def measuring(run, config):
        asked.append((run, config.count))
        raise EngineError("Enough.")

    monkeypatch.setattr(own, "measuring", measuring)
    for whose in (RUN, BUNDLED):
        with pytest.raises(gr.Error, match="Enough"):
            list(panel.show("a-run", whose, None, 20, 1.0, 1))
    assert asked == [("a-run", 20), ("", 20)]
