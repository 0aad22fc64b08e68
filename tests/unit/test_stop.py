"""Being asked to stop."""

from __future__ import annotations

import importlib.abc
import os
import signal
import sys
import time
from datetime import timedelta

import pytest

from syncctl import __main__
from syncctl.stop import Stop, on_signals
from tests.clocks import PATIENCE


def test_a_wait_ends_when_asked_to_stop():
    stop = Stop()
    assert stop.wait(0) is False
    stop.set()
    began = time.monotonic()
    assert stop.wait(3600) is True
    stop.sleep(3600)
    assert time.monotonic() - began < 3600
    assert stop.exit_code is None


def test_time_that_is_up_stops_without_a_signals_exit_code():
    stop = Stop()
    stop.at_latest(timedelta(hours=1))
    assert stop.is_set() is False
    stop.at_latest(timedelta(seconds=0.05))
    assert stop.wait(3600) is True
    assert (stop.is_set(), stop.signalled) == (True, False)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a process can send itself without dying")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_sets_the_flag_and_handlers_are_put_back(number: signal.Signals, code: int):
    before = signal.getsignal(number)
    stop = Stop()
    with on_signals(stop):
        os.kill(os.getpid(), number)
        assert stop.wait(PATIENCE)
    assert stop.exit_code == code
    assert signal.getsignal(number) is before


def test_ctrl_c_while_the_program_is_read_ends_it_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(importlib.abc.MetaPathFinder):
        def find_spec(self, fullname: str, path: object, target: object = None) -> None:
            if fullname == "syncctl.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "syncctl.cli.app", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Stopped(), *sys.meta_path])
    monkeypatch.setattr(sys, "argv", ["syncctl", "stage"])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 130
