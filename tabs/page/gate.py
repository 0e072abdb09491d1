"""Who may ask for how much: each visitor's and each address's share of the machine."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import gradio as gr

from engines.knobs import Config
from engines.limits import Limits
from engines.messages import ConfigError, EngineError
from engines.running.runs import Run
from tabs.page.polite import polite

C = TypeVar("C", bound=Config)

LONGEST_KEY = 200  # characters
WINDOW = 60.0  # seconds over which requests are counted
FORGET = 10_000  # visitors counted at once; more than that in a minute, and the oldest are forgotten


class Gate:
    """Admits requests and trainings within the limits; one for the whole app, safe to use from any thread."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._requests: dict[str, deque[float]] = {}  # by visitor and by address -> times
        self._runs: dict[str, list[Run]] = defaultdict(list)  # the same -> live trainings
        self._lock = threading.Lock()

    def admit(self, config: C, owner: str, request: gr.Request | None) -> C:
        """Count one request for computing and return the config as it may run.

        Raises ConfigError if the settings ask for too much and EngineError if the visitor asks too often.
        """
        allowed = self.limits.allow(config)
        self.count(owner, request)
        return allowed

    def admit_pictures(self, configs: Sequence[Config], owner: str, request: gr.Request | None) -> None:
        """`admit` for many pictures that are one request."""
        self.limits.allow_pictures(configs)
        self.count(owner, request)

    def count(self, owner: str, request: gr.Request | None) -> None:
        """Count one request for computing.

        Raises EngineError if there were too many within a minute, ConfigError if the owner's key can be none.
        """
        if not isinstance(owner, str) or len(owner) > LONGEST_KEY:
            raise ConfigError("The owner's key must be a text of at most {most} characters.", most=LONGEST_KEY)
        keys, now = _keys(owner, request), time.monotonic()
        limits = self.limits.visitor_requests, self.limits.address_requests
        with self._lock:
            for key, most in zip(keys, limits, strict=False):
                if most and len(self._recent(key, now)) >= most:
                    seconds = int(WINDOW - (now - self._requests[key][0])) + 1
                    raise EngineError(
                        "That was a lot at once: at most {most} requests a minute. Try again in {seconds} s.",
                        most=most,
                        seconds=seconds,
                    )
            for key in keys:
                self._recent(key, now).append(now)

    @contextmanager
    def computing(self, request: gr.Request | None, owner: str = "") -> Iterator[None]:
        """`polite`, for a handler that computes something: it counts as a request."""
        with polite(request):
            self.count(owner, request)
            yield

    def start(self, config: C, owner: str, request: gr.Request | None, begin: Callable[[C], Run]) -> Run:
        """`begin` a training with the config as it may run.

        Raises ConfigError if the settings ask for too much, EngineError if the visitor asks too often or has, like
        their address, as many live trainings as are allowed; and what `begin` raises.
        """
        config = self.admit(config, owner, request)
        self.admit_run(owner, request)
        run = begin(config)
        self.note_run(run, request)
        return run

    def admit_run(self, owner: str, request: gr.Request | None) -> None:
        """EngineError if this visitor or this address has as many live trainings as are allowed."""
        with self._lock:
            limits = self.limits.visitor_runs, self.limits.address_runs
            for key, most in zip(_keys(owner, request), limits, strict=False):
                live = [run for run in self._runs.pop(key, []) if not run.board.ended]
                if live:
                    self._runs[key] = live
                if most and len(live) >= most:
                    raise EngineError(
                        "You have {count} trainings that have not ended, as many as one visitor may have here."
                        " Stop one first, or let it finish.",
                        count=len(live),
                    )

    def note_run(self, run: Run, request: gr.Request | None) -> None:
        """Count a training that has started."""
        with self._lock:
            for key in _keys(run.owner, request):
                self._runs[key].append(run)

    def _recent(self, key: str, now: float) -> deque[float]:
        """The times of this key's requests within the window."""
        times = self._requests.pop(key, None) or deque()
        while times and now - times[0] > WINDOW:
            times.popleft()
        self._requests[key] = times  # the latest come last
        while len(self._requests) > FORGET:
            del self._requests[next(iter(self._requests))]
        return times


def _keys(owner: str, request: gr.Request | None) -> list[str]:
    """Under what a request is counted: its visitor, and its address if that is known.

    A script may come without a name; those whose address is not known either count as one visitor.
    """
    address = address_of(request)
    visitor = f"visitor {owner}" if owner else f"nameless {address}"
    return [visitor, f"address {address}"] if address else [visitor]


def address_of(request: gr.Request | None) -> str:
    """The visitor's IP address, "" if it can't be known.

    Behind a proxy, which then is on a private address, the proxy's own entry in X-Forwarded-For counts: the
    last one, since a visitor can write the others. A tunnel that names nobody gives "".
    """
    client = getattr(request, "client", None)
    host = getattr(client, "host", None) or ""
    try:
        if host and ipaddress.ip_address(host).is_global:
            return host
        last = (request.headers.get("x-forwarded-for") or "").split(",")[-1].strip() if request else ""
        return str(ipaddress.ip_address(last)) if last else ""
    except ValueError:
        return ""
