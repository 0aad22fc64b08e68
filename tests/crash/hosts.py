"""Hosts that run the real program, each with locks of its own, on one database and one store whose answers can be held back."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from syncctl.db.contract import Database, ListStagedOrders, StagedOrder
from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Ended, Program
from tests.clocks import PATIENCE
from tests.raws import raw_order

NOTE = "Order created in CounterPoint. "
NOTES, ORDERS = r"/notes$", r"/orders$"


class Held:
    """The first request that matches (or `every` one) waits until it is let go: for longer than a test waits for a process."""

    def __init__(self, store: SimulatedStore, path: str, *, every: bool = False) -> None:
        self.path = path
        self.every = every
        self.first = ""
        """The path of one that arrived first."""
        self.arrived = threading.Event()
        self.go = threading.Event()
        store.before_request = self

    def __call__(self, _method: str, path: str, _query: dict[str, str]) -> None:
        if re.search(self.path, path) and (self.every or not self.arrived.is_set()):
            if not self.arrived.is_set():
                self.first = path
                self.arrived.set()
            self.go.wait(2 * PATIENCE)


class Site:
    """A store, a database with staged orders, and hosts."""

    def __init__(self, store: SimulatedStore, database: Database, url: str, folder: Path) -> None:
        self.store = store
        self.database = database
        self.url = url
        self.folder = folder

    def host(self, name: str = "host") -> Program:
        """A host of its own: its own folder, logs and locks."""
        program = Program(self.folder / name, {"SYNCCTL_DATABASE": self.url})
        program.folder.mkdir(exist_ok=True)
        program.connect_to(self.store)
        return program

    def place(self, count: int) -> list[int]:
        """Place orders in the store."""
        return [self.store.shopkeeper.place(raw_order()) for _ in range(count)]

    def stage(self, count: int) -> list[int]:
        """Place orders and stage them."""
        numbers = self.place(count)
        staged = self.host()("stage", "--since", "1h", "--json").json
        assert staged["counts"]["staged"] == count
        return numbers

    def orders(self) -> list[StagedOrder]:
        """Every staged order, by staging id."""
        return self.database.run(ListStagedOrders())

    def states(self) -> list[tuple[str, int]]:
        """State and attempt number of every staged order."""
        return [(order.state, order.attempt_no) for order in self.orders()]

    def rows(self, sql: str, *parameters: Any) -> list[list[Any]]:
        """What a query finds."""
        return [list(row) for row in self.database.query(sql, parameters)]  # type: ignore[attr-defined]

    def notes(self, numbers: list[int]) -> list[int]:
        """How many notes of ours each order has in the store."""
        return [
            sum(count for text, count in self.store.count_notes(number).items() if text.startswith(NOTE)) for number in numbers
        ]


@contextmanager
def running(host: Program, *arguments: str, held: Held, **how: Any) -> Iterator[subprocess.Popen[str]]:
    """Start the program and give it when its request is held; at the end let it go, and kill what still runs."""
    with host.start(*arguments, **how) as process:
        try:
            assert held.arrived.wait(PATIENCE), f"the request never came: {process.poll()}"
            yield process
        finally:
            held.go.set()
            if process.poll() is None:
                process.kill()


def heard(process: subprocess.Popen[str], said: str) -> None:
    """Read its stderr until a line says so."""
    assert process.stderr
    while said not in (line := process.stderr.readline()):
        assert line, f"the process ended without saying {said!r}"


def ask_to_stop(process: subprocess.Popen[str], number: int = signal.SIGTERM) -> None:
    """Send the signal and wait until the program says that it has seen it."""
    process.send_signal(number)
    heard(process, "stopping after the order in hand")


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, out, err)


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
