"""The parts of a training's work, and how its end is told."""

import pytest

from engines.live_training.jobs import Diverged, telling_divergence
from engines.messages import EngineError, Message
from engines.running.events import Note, Verdict

BEGUN = Note(Message("Loading PyTorch"))


def test_a_training_that_diverges_says_so_and_what_to_do():
    def training():
        yield BEGUN
        raise Diverged(7)

    events = telling_divergence(training())
    assert next(events) is BEGUN
    verdict = next(events)
    assert isinstance(verdict, Verdict)
    assert verdict.state == "diverging"
    with pytest.raises(EngineError, match=r"^At step 7 a loss was not a number any more.*Lower the learning rate"):
        next(events)


def test_another_training_is_passed_on_with_the_replies_and_what_it_returns():
    replies = []

    def training():
        replies.append((yield BEGUN))
        return Message("Stopped")

    events = telling_divergence(training())
    assert next(events) is BEGUN
    with pytest.raises(StopIteration) as ended:
        events.send(True)
    assert replies == [True]
    assert str(ended.value.value) == "Stopped"
