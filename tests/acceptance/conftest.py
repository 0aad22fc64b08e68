"""Fixtures of the acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program


@pytest.fixture
def newcomer(tmp_path: Path) -> Program:
    """The program, in an empty folder: there is no database yet."""
    return Program(tmp_path)


@pytest.fixture
def syncctl(tmp_path: Path, empty_embedded: str) -> Program:
    """The program, in a folder with a new database."""
    return Program(tmp_path)


@pytest.fixture
def store(syncctl: Program) -> Iterator[SimulatedStore]:
    """A simulated store that the program is connected to."""
    with SimulatedStore() as shop:
        syncctl.connect_to(shop)
        yield shop
