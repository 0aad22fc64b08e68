"""What `health` says where there is very much to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncctl.cli.health import _line, _short
from syncctl.db.contract import CustomerAction
from syncctl.services.health_checks import clocks
from syncctl.services.health_findings import Thresholds
from syncctl.services.health_systems import Disk, certificate, customers, disks


def test_hundreds_of_queues_are_a_few_and_a_number():
    actions = [CustomerAction(queue_id=number, queue_name="Autumn", store_id="shop", customers=2) for number in range(1, 501)]
    [check] = customers(actions)
    assert (check.value, len(check.parts)) == (1000, 500)
    assert check.message.endswith("; and 495 queues more")
    assert len(check.message) < 500


def test_a_plugins_line_keeps_its_figures_whatever_there_is_to_say():
    line = _line("warning", "very much " * 10_000, "review=13;0").text
    assert line.endswith("… | review=13;0")
    assert len(line) < 4096


def test_a_critical_limit_counts_whatever_the_warnings_is():
    limits = Thresholds(
        disk_warning_mb=5,
        disk_critical_mb=500,
        clock_warning_seconds=900,
        clock_critical_seconds=60,
        certificate_warning_days=1,
        certificate_critical_days=30,
    )
    now = datetime(2026, 11, 26, tzinfo=UTC)
    checks = [
        *disks([Disk("log files", Path("logs"), 100 * 1024 * 1024)], limits),
        *certificate(now + timedelta(days=10), now, limits),
        *clocks(timedelta(minutes=2), None, None, None, limits),
    ]
    assert [(check.name, check.level) for check in checks] == [
        ("disk", "critical"),
        ("certificate", "critical"),
        ("clock", "critical"),
    ]


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (419.9, "s", "6.9 min"),
        (43.8, "s", "43 s"),
        (0.161, "s", "161 ms"),
        (60.0, "s", "60 s"),
        (7 * 86400.0, "s", "7 d"),
        (68_773, "MB", "68,773 MB"),
        (0, "", "0"),
    ],
)
def test_a_value_is_rounded_down_as_ages_are(value: float, unit: str, words: str):
    assert _short(value, unit) == words
