"""What `health` comes to: the names of its checks, and the verdict over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from syncctl.errors import UsageError
from syncctl.jobs import JOBS
from syncctl.pushes import PUSH_CHECKS
from syncctl.services.health_findings import Check, Level, worst

if TYPE_CHECKING:
    from syncctl.db.contract import Health, ReviewCause

JOB_CHECKS = tuple(f"job_{job.name.replace('-', '_')}" for job in JOBS)
STORE_CHECKS = ("store", "keys", "store version", "clock")
HOST_CHECKS = ("disk", "certificate")
CHECKS = (
    "database",
    "schema",
    "store",
    "keys",
    "store version",
    "certificate",
    "clock",
    "pending",
    "stuck",
    "failed",
    "review",
    "write_back",
    "last_success",
    "recent_errors",
    "last_poll",
    *JOB_CHECKS,
    *PUSH_CHECKS,
    "proofs",
    "carriers",
    "customers",
    "notifications",
    "disk",
)
"""Every check by its name, in the order in which they are told."""


def check_named(name: str) -> str:
    """Return the check that a person names, with blanks, dashes or underscores.

    Raises:
        UsageError: there is none.
    """
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    for check in CHECKS:
        if check.replace(" ", "_") == wanted:
            return check
    raise UsageError(f"There is no check {name!r}; there are {', '.join(check.replace(' ', '_') for check in CHECKS)}.")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every check, and the worst of them."""

    checks: list[Check]
    numbers: Health | None
    causes: list[ReviewCause] = field(default_factory=list)
    """Why orders wait for a person."""
    unasked: frozenset[str] = frozenset()
    """Checks of which it isn't known whether anything is wrong beyond what they say: who knows more was not heard."""

    @property
    def level(self) -> Level:
        """The worst level of all checks; what could not be made because of another counts as that other one."""
        return worst(check.level for check in self.told)

    @property
    def healthy(self) -> bool:
        """True where nothing needs attention."""
        return self.level == "ok"

    @property
    def told(self) -> list[Check]:
        """The checks without those that another one kept from being made, and that is among them."""
        names = {check.name for check in self.checks}
        return [check for check in self.checks if check.because not in names]

    @property
    def wrong(self) -> list[Check]:
        """What needs attention."""
        return [check for check in self.told if check.level != "ok"]
