"""Both ends of a line between an engine and its caller, without a process between them."""

import pytest

from engines.messages import ConfigError, Message
from engines.running.events import Note, Progress
from engines.running.workers.relay import OVERTIME, Ended, Reply, relay, serve


def steps(count, diary):
    try:
        for step in range(1, count + 1):
            if (yield Progress(step, count)):
                diary.append(f"told to stop at {step}")
                return Message("as you wish")
    finally:
        diary.append("closed")
    return None


def serving(engine, *replies):
    left = list(replies)
    return serve(engine, lambda: left.pop(0) if left else Reply.GO)


def test_every_event_and_the_end_are_told():
    assert list(serving(steps(2, []))) == [Progress(1, 2), Progress(2, 2), Ended()]


def test_an_engine_does_not_go_on_before_the_reply():
    diary = []
    told = serving(steps(2, diary))
    next(told)
    told.close()
    assert diary == ["closed"]


@pytest.mark.parametrize(
    ("reply", "diary", "value"),
    [
        (Reply.STOP, ["told to stop at 1", "closed"], Message("as you wish")),
        (Reply.OVER, ["told to stop at 1", "closed"], OVERTIME),
        (Reply.GONE, ["closed"], None),
    ],
)
def test_what_the_caller_says_is_heard(reply, diary, value):
    written = []
    last = list(serving(steps(9, written), reply))[-1]
    assert written == diary
    assert last == (Progress(1, 9) if value is None else Ended(value))


def test_a_problem_meant_for_a_person_arrives_as_it_is_and_another_as_its_trace():
    def fails(problem):
        yield Note(Message("Here goes"))
        raise problem

    *_, told = serving(fails(ConfigError("Seed must be at least {n}.", n=0)))
    assert told.problem.message.values == {"n": 0}
    *_, other = serving(fails(KeyError("lost")))
    assert isinstance(other.problem, RuntimeError)
    assert "KeyError: 'lost'" in str(other.problem)


def test_relay_gives_back_what_serve_was_given():
    diary, answers = [], []
    line = serve(steps(3, diary), lambda: Reply.STOP if answers[-1] else Reply.GO)
    events = relay(line, answers.append)
    assert next(events) == Progress(1, 3)
    assert events.send(False) == Progress(2, 3)
    with pytest.raises(StopIteration) as ended:
        events.send(True)
    assert ended.value.value == "as you wish"
    assert (answers, diary) == ([False, True], ["told to stop at 2", "closed"])
