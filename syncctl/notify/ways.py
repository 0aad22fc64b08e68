"""The ways to the people in charge, each by its name: what is critical goes all of them, everything else the ordinary ones.

Each address is a way by itself: where one of two doesn't take a message, the other isn't told again. A way is called by its place
in its setting, so that what waits is sent to an address that was put right meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from syncctl.errors import SyncError
from syncctl.notify.channels import AppriseChannel, Channel
from syncctl.secret import Secret
from syncctl.stop import StopFlag

OPERATOR, CRITICAL, SYSLOG, EVENT_LOG = "operator", "critical", "syslog", "eventlog"
SETTINGS = {
    OPERATOR: "SYNCCTL_NOTIFY_OPERATOR_URL",
    CRITICAL: "SYNCCTL_ALERT_CRITICAL_URL",
    SYSLOG: "SYNCCTL_ALERT_SYSLOG",
    EVENT_LOG: "SYNCCTL_ALERT_EVENT_LOG",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where people can be reached, as the settings have it."""

    operator: Sequence[Secret] = ()
    critical: Sequence[Secret] = ()
    syslog: str | None = None
    event_log: bool = False

    def names(self) -> list[str]:
        """Return the name of each way."""
        found = [f"{OPERATOR}:{number}" for number in range(1, len(self.operator) + 1)]
        found += [f"{CRITICAL}:{number}" for number in range(1, len(self.critical) + 1)]
        return found + ([SYSLOG] if self.syslog else []) + ([EVENT_LOG] if self.event_log else [])

    def named_for(self, severity: str) -> list[str]:
        """Return the ways that a message of this severity goes."""
        return [name for name in self.names() if severity == "critical" or not name.startswith(CRITICAL)]

    def people(self) -> list[str]:
        """Return the ways that end with a person, for what no log needs."""
        return [name for name in self.names() if name.startswith(OPERATOR)]

    def address_of(self, name: str) -> Secret | None:
        """Return the Apprise address of a way; None of one that has none."""
        kind, _, number = name.partition(":")
        addresses = {OPERATOR: self.operator, CRITICAL: self.critical}.get(kind, ())
        return addresses[int(number) - 1] if number else None

    def mark_of(self, name: str) -> str:
        """Return what tells an address from others, the same for every store, and gives nothing of it away."""
        address = self.address_of(name)
        return name if address is None else blake2b(address.reveal().encode("utf-8"), digest_size=6).hexdigest()


@dataclass(slots=True)
class Ways:
    """The channels themselves, made when first asked for."""

    addresses: Addresses
    seconds: float = 60
    stop: StopFlag | None = None
    _made: dict[str, Channel] = field(default_factory=dict)

    def channels(self) -> Mapping[str, Channel]:
        """Return way → channel."""
        for name in self.addresses.names():
            if name not in self._made:
                self._made[name] = self._open(name)
        return self._made

    def _open(self, name: str) -> Channel:
        if name == SYSLOG:
            from syncctl.notify.syslog import SyslogChannel

            return SyslogChannel(self.addresses.syslog or "")
        if name == EVENT_LOG:
            from syncctl.notify.event_log import EventLogChannel

            return EventLogChannel()
        address = self.addresses.address_of(name)
        return AppriseChannel([address] if address else [], named=_place(name), seconds=self.seconds, stop=self.stop)


def _place(name: str) -> str:
    """Say where a way's Apprise address stands in the settings."""
    kind, _, number = name.partition(":")
    return f"address {number} of {SETTINGS[kind]}"


def shown(addresses: Addresses, name: str) -> str:
    """Say what kind of address a way has, and nothing that is secret."""
    address = addresses.address_of(name)
    if address is not None:
        return address.reveal().partition("://")[0] if "://" in address.reveal() else "no address"
    return addresses.syslog or "" if name == SYSLOG else "Application, source syncctl"


def problem(addresses: Addresses, name: str) -> str | None:
    """Say what is wrong with a way's address; None where it makes sense. Nothing is sent."""
    import sys

    address = addresses.address_of(name)
    if address is not None:
        try:
            usable = AppriseChannel([address]).makes_sense()
        except SyncError:
            usable = False
        if not usable:
            return (
                f"{_place(name)} is none that Apprise knows, such as "
                "mailtos://USER:PASSWORD@mail.example?from=shop@example&to=ada@example; several stand with blanks between"
            )
    if name == EVENT_LOG and sys.platform != "win32":
        return f"{SETTINGS[EVENT_LOG]} is on, but this system has no Windows Event Log; SYNCCTL_ALERT_SYSLOG is for this one"
    return None
