"""Which of several workers (`pytest -n`) runs which test: all those of the T-SQL database go to one, the rest to whoever is free.

xdist's own groups are not used: from pytest 9.2 on they do nothing, without a word (pytest-dev/pytest-xdist#1386).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling


class OneServer(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Keeps together what the workers have found to need the server; each other test is on its own."""

    def __init__(self, config: pytest.Config, log: Producer, folder: Path) -> None:
        super().__init__(config, log)
        self._folder = folder

    @cached_property
    def _server_tests(self) -> frozenset[str]:
        return frozenset(name for file in self._folder.iterdir() for name in json.loads(file.read_text(encoding="utf-8")))

    def _split_scope(self, nodeid: str) -> str:
        return "sqlserver" if nodeid in self._server_tests else nodeid


def tell(config: pytest.Config, server_tests: Iterable[pytest.Item]) -> None:
    """Let the controller know, from within a worker, which tests need the server; there is no other way before they run."""
    given: dict[str, str] = config.workerinput  # type: ignore[attr-defined]
    names = [item.nodeid for item in server_tests]
    Path(given["server_tests"], given["workerid"]).write_text(json.dumps(names), encoding="utf-8")
