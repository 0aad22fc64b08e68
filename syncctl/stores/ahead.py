"""Requests that will be made soon, begun before their turn over a few connections more, as many as the store bears.

Whoever knows what will be asked for next says so; when its turn comes, the answer is there, or on its way. A wrong guess costs
the store one request and nothing else. Errors come up when their turn comes, as if the request had been made then.

A shop has a handful of PHP workers. A store that asks for rest (429, 503) is asked for nothing before its turn until an answer
comes again, and then over one connection, which become more again one by one; one whose answers take much longer than its
first is asked over fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from syncctl.http_answer import Asked
from syncctl.stop import StopFlag

_STEP = 0.1
"""Seconds between two looks at the stop."""
_PATIENCE = 8
"""Answers in time, for each connection, after which one connection more is tried."""
_SLOWER = 4
"""An answer that takes so many times as long as the quickest of its kind …"""
_MUCH_SLOWER = 0.5
"""… and so many seconds longer came over too many connections."""
_REST = frozenset({429, 502, 503, 504})


@dataclass(slots=True)
class _Foreseen:
    """A request whose turn is to come."""

    begin: Callable[[], Asked]
    asked: Asked | None = None
    """Once it is under way."""


@dataclass(slots=True)
class _Lane:
    """Requests of one kind, in the order of their turns."""

    foreseen: dict[str, _Foreseen] = field(default_factory=dict)


class Ahead:
    """What one session has under way before its turn. Safe to share between threads."""

    def __init__(self, connections: int, *, stop: StopFlag) -> None:
        """Use at most so many connections at once; with one, nothing is asked for before its turn."""
        self._connections = connections
        self._stop = stop
        self._lanes: dict[str, _Lane] = {}
        self._quickest: dict[str, float] = {}
        """Seconds of the quickest answer so far, by lane."""
        self._running: list[Asked] = []
        self._bearable = connections
        self._resting = False
        self._in_time = 0
        self._lock = Lock()

    @property
    def allowed(self) -> int:
        """How many requests may be under way at once by what the store has borne so far; 0 while it rests."""
        return 0 if self._resting or self._connections < 2 else self._bearable

    def expect(self, lane: str, requests: Mapping[str, Callable[[], Asked]]) -> None:
        """Say what will be asked for next, in order, in place of what was said of this lane before; each value begins one.

        A lane that was named later goes before the others.
        """
        with self._lock:
            before = self._lanes.pop(lane, _Lane())
            known = before.foreseen
            wanted = {key: known.pop(key) if key in known else _Foreseen(begin) for key, begin in requests.items()}
            for dropped in known.values():
                if dropped.asked is not None:
                    dropped.asked.call.give_up()
            self._lanes[lane] = _Lane(wanted)
            self._begin_more()

    def take(self, key: str) -> Asked | None:
        """Return the request whose turn has come where it is under way; None where it has to be made."""
        with self._lock:
            for lane in self._lanes.values():
                if key in lane.foreseen:
                    asked = lane.foreseen.pop(key).asked
                    self._begin_more()
                    return asked
        return None

    def make_room(self) -> None:
        """Wait until a request that nobody foresaw may be made without too many being under way, or the run is to stop."""
        while not self._stop.is_set():
            with self._lock:
                running = self._still_running()
            if len(running) < self._connections:
                return
            running[0].call.wait(_STEP)

    def answered(self, lane: str, status: int, seconds: float) -> None:
        """Learn from an answer how much the store bears."""
        if status in _REST:
            self.failed()
            return
        with self._lock:
            self._resting = False
            quickest = self._quickest[lane] = min(seconds, self._quickest.get(lane, seconds))
            if seconds > max(_SLOWER * quickest, quickest + _MUCH_SLOWER):
                self._bearable, self._in_time = max(1, self._bearable - 1), 0
                return
            self._in_time += 1
            if self._in_time >= _PATIENCE * self._bearable:
                self._bearable, self._in_time = min(self._connections, self._bearable + 1), 0

    def failed(self) -> None:
        """Leave the store alone: it asked for rest, or gave no answer."""
        with self._lock:
            self._bearable, self._in_time, self._resting = 1, 0, True

    def no_more(self) -> None:
        """Ask for nothing more before its turn."""
        self._connections = 1
        self.close()

    def close(self) -> None:
        """Let go of all that is under way; nobody waits for it any more."""
        with self._lock:
            self._lanes.clear()
            for asked in self._still_running():
                asked.call.give_up()

    def _still_running(self) -> list[Asked]:
        self._running = [asked for asked in self._running if not asked.call.done]
        return self._running

    def _begin_more(self) -> None:
        """Begin what comes next, as far as there is room."""
        room = self.allowed - len(self._still_running())
        for lane in reversed(self._lanes.values()):
            for foreseen in lane.foreseen.values():
                if foreseen.asked is not None:
                    room -= foreseen.asked.call.done  # an answer that waits keeps its place: no more are held than connections
                    continue
                if room <= 0:
                    return
                foreseen.asked = foreseen.begin()
                self._running.append(foreseen.asked)
                room -= 1
