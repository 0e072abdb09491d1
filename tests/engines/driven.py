"""Engines driven from their first event to their last, as a run drives them."""

from engines.running.events import Progress


def driven(training, stop_after=None):
    """All events; the stop is asked for after so many Progress events."""
    events, seen, reply = [], 0, None
    while True:
        try:
            event = training.send(reply)
        except StopIteration:
            return events
        events.append(event)
        seen += isinstance(event, Progress)
        reply = stop_after is not None and seen >= stop_after


def of(events, kind):
    """Those of a kind."""
    return [event for event in events if isinstance(event, kind)]
