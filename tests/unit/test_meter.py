"""What a run waited for, counted and timed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from syncctl.db.sqlserver import SqlServer
from syncctl.meter import Meter, Metered
from syncctl.services import database


def test_steps_are_counted_by_name_from_any_thread() -> None:
    meter = Meter()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: meter.note("sp_X", number / 1000), range(1000)))
    meter.note("HTTP GET", 2)
    steps = meter.steps()
    assert list(steps) == ["HTTP GET", "sp_X"]
    assert steps["HTTP GET"] == {"count": 1, "seconds": 2, "longest": 2}
    assert (steps["sp_X"]["count"], steps["sp_X"]["seconds"], steps["sp_X"]["longest"]) == (1000, 499.5, 0.999)


def test_a_command_whose_calls_are_counted_can_deploy() -> None:
    server = object.__new__(SqlServer)
    assert database._server(Metered(server, Meter())) is server
    assert database._server(server) is server
