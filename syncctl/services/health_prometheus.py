"""A verdict as a file for the textfile collector of Prometheus' node exporter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.atomic_file import write_whole
from syncctl.errors import ConfigError

if TYPE_CHECKING:
    from syncctl.services.health_findings import Check

LEVELS = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}
_UNITS = {"": "", "s": "seconds", "d": "days", "MB": "megabytes", "%": "percent"}


def write(path: Path, checks: Sequence[Check], *, level: str, looked_at: datetime, seconds: float) -> None:
    """Write the file, whole or not at all. `level` is the verdict's, `seconds` how long it took.

    Raises:
        ConfigError: it can't be written.
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry(auto_describe=False)

    def gauge(name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"syncctl_{name}", what, labels, registry=registry)

    gauge("health_level", "0 ok, 1 warning, 2 critical, 3 unknown: the worst of all checks").set(LEVELS[level])
    gauge("health_timestamp_seconds", "When it was looked at").set(looked_at.timestamp())
    gauge("health_duration_seconds", "How long that took").set(round(seconds, 3))
    levels = gauge("check_level", "0 ok, 1 warning, 2 critical, 3 unknown", "check")
    values = gauge("check_value", "What a check goes by", "check", "figure", "unit")
    limits = {
        which: gauge(f"check_{which}_threshold", f"The limit of a figure for {which}", "check", "figure", "unit")
        for which in ("warning", "critical")
    }
    for check in checks:
        name = check.name.replace(" ", "_")
        levels.labels(name).set(LEVELS[check.level])
        for figure in check.figures:
            labels = (name, figure.name, _UNITS[figure.unit])
            values.labels(*labels).set(figure.value)
            for which, gauged in limits.items():
                limit = getattr(figure, which)
                if limit is not None:
                    gauged.labels(*labels).set(limit)
    try:
        write_whole(path, generate_latest(registry).decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror or error}. Name another file with --prometheus.") from error
