"""A visitor's own language model is one of the text tab's, and nobody else finds it there."""

from types import SimpleNamespace

import gradio as gr
import pytest

from engines.gpt_training.config import ENGINE
from engines.limits import Limits
from engines.messages import ConfigError, EngineError
from engines.running.board import Board
from engines.running.events import Token
from engines.running.runs import Runs
from engines.running.workers.pool import Here
from engines.text_generation.config import RUN, TextConfig
from engines.text_generation.engine import chat, continue_text, perplexity
from engines.text_generation.models import Models
from tabs.page.gate import Gate
from tabs.text_generation.actions import TextActions
from tabs.text_generation.own_runs import OwnRuns
from tests.engines.gpt_training.tiny import ENGLISH, trainer, weights_of

ME = SimpleNamespace(session_hash="page", headers={"accept-language": "zh"})
LINE = "春眠不觉晓，处处闻啼鸟。"


def add(runs, owner="ann", state="finished", documents=None, **settings):
    """A run that has been trained a little."""
    more = {"documents": documents} if documents else {}
    one = trainer(steps=3, **more, **settings)
    weights = weights_of(one, **more) if one.config.model == "gpt" else weights_of(one)
    return runs.add(Board(ENGINE, one.config.to_dict(), state=state, weights=weights), one.config, owner)


@pytest.fixture(scope="module")
def runs():
    return Runs()


@pytest.fixture(scope="module")
def mine(runs):
    return add(runs)


@pytest.fixture
def models():
    models = Models()
    yield models
    models.close()


@pytest.fixture
def actions(runs, models):
    return TextActions(models, Gate(Limits()), Here(), runs)


def test_only_its_owner_finds_a_model_and_only_one_that_writes(runs, mine):
    own = OwnRuns(runs)
    add(runs, model="masked")
    add(runs, model="lstm", owner="bob")
    add(runs, owner="bob", state="running")
    assert [card.id for card in own.of("ann")] == [RUN + mine.id]
    assert own.of("bob") == own.of("") == OwnRuns().of("ann") == []
    [card] = own.of("ann")
    assert card.title.startswith("Your run of ")
    assert card.title.endswith("Chinese quatrains, step 3")
    assert card.beginning.quatrains


def test_what_is_gone_or_of_another_kind_is_refused(runs, mine):
    own = OwnRuns(runs)
    for nowhere in (RUN, f"{RUN}x", f"{RUN}../{mine.id}"):
        with pytest.raises(EngineError, match="no such run here any more"):
            own.ready(nowhere)
    with pytest.raises(ConfigError, match="does not write texts on"):
        own.ready(RUN + add(runs, model="masked", owner="eve").id)
    for state, sentence in (("running", "has no model yet; wait"), ("finished", "No model was kept of this run")):
        empty = runs.add(Board(ENGINE, mine.config.to_dict(), state=state), mine.config, "eve")
        with pytest.raises(EngineError, match=sentence):
            own.ready(RUN + empty.id)
    with pytest.raises(EngineError, match="no such run here any more"):
        OwnRuns().find(RUN + mine.id)


def test_it_writes_on_and_is_measured(actions, mine):
    config = TextConfig(model=RUN + mine.id, seed=1, max_new_tokens=12)
    *events, answer = actions.events(continue_text, config, "春眠")
    assert answer.new_tokens == 12 or answer.ended == "end"
    assert [event.text for event in events if isinstance(event, Token)]
    *_, measured = actions.events(perplexity, config, LINE)
    assert len(measured.tokens) == len(LINE)
    assert measured.tokens[0].probability < 1  # the mark before it is not shown
    with pytest.raises(ConfigError, match=r"Your run of .* follows no instructions"):
        list(actions.events(chat, config, [{"role": "user", "content": "Hi"}]))
    with pytest.raises(ConfigError, match="has never seen 犇"):
        list(actions.events(continue_text, config, "春犇"))


def test_a_model_that_was_trained_further_is_read_anew(actions, runs):
    run = add(runs, owner="cy")
    config = TextConfig(model=RUN + run.id, seed=1, max_new_tokens=3)
    list(actions.events(continue_text, config, "春"))
    later = trainer(steps=9)
    run.board.weights = weights_of(later)
    list(actions.events(continue_text, config, "春"))
    assert [path.name for path in run.folder.glob("*model*")] == ["text-model-9"]
    assert len(actions.models.loaded()) == 1


def test_a_text_may_be_longer_than_the_context_of_a_model_of_letters(actions, runs):
    run = add(runs, owner="dee", documents=[ENGLISH], data="english")
    config = TextConfig(model=RUN + run.id, seed=1, max_new_tokens=100)
    *_, answer = actions.events(continue_text, config, "the cat sat on the mat " * 5)
    assert (answer.new_tokens, answer.ended) == (100, "length")


def test_in_the_list_and_in_words(actions, mine):
    titles = dict(actions.offer.choices("ann", ME))
    assert RUN + mine.id in titles.values()
    assert next(iter(titles)).startswith("您在 ")
    assert RUN + mine.id not in dict(actions.offer.choices("bob", ME)).values()
    assert "1 层" in actions.offer.about(RUN + mine.id, ME)
    assert actions.offer.about(f"{RUN}gone", ME) == ""


def test_a_script_uses_it_by_its_id(actions, mine):
    settings = {"model": RUN + mine.id, "seed": 1, "max_new_tokens": 5}
    *_, text = actions.text_continue("春", settings, ME)
    assert 0 < len(text) <= 5
    with pytest.raises(gr.Error, match="已经没有这次训练"):
        list(actions.text_continue("春", {"model": f"{RUN}gone"}, ME))
