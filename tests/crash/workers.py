"""Starts workers in processes of their own, quickly: one process imports what they need, and they are split off from it.

Where the system can't do that (Windows) each starts from scratch.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pkgutil import iter_modules
from typing import Any

from syncctl.db import embedded
from tests.clocks import PATIENCE

_context = multiprocessing.get_context("forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn")
if isinstance(_context, ForkServerContext):
    procedures = [module.name for module in iter_modules(embedded.__path__, f"{embedded.__name__}.")]
    _context.set_forkserver_preload(["tests.crash.worker", "tests.crash.pod_worker", *procedures])


class Worker:
    """A running worker; `main` gets `given`."""

    def __init__(self, main: Callable[[dict[str, Any]], None], given: dict[str, Any]) -> None:
        self._process: BaseProcess = _context.Process(target=main, args=(given,), daemon=True)  # type: ignore[attr-defined]
        self._process.start()

    def kill(self) -> None:
        """End it, hard."""
        self._process.kill()

    def wait(self) -> int:
        """Return its exit code, once it has ended; below 0 where something else has ended it."""
        self._process.join(4 * PATIENCE)
        code = self._process.exitcode
        assert code is not None, "a worker doesn't end"
        self._process.close()
        return code
