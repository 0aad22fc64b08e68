"""What SQL Server's error numbers mean to us."""

from __future__ import annotations

import re
from dataclasses import dataclass

from syncctl.errors import PROCEDURE_ERRORS, ConfigError, DatabaseUnavailable, PermanentError, SyncError, TransientError

DEADLOCK = frozenset({1205, 3960})
"""Deadlock victim; update conflict under snapshot isolation."""

LOCK_TIMEOUT = frozenset({1222, 1204})
THROTTLED = frozenset({40501, 49918, 49919, 49920, 10928, 10929, 10936, 701, 8645, 8651})
"""Azure SQL asks to slow down, or the server is short of memory."""

LOST = frozenset(
    {
        20003,
        20004,
        20006,
        20017,
        20047,
        40143,
        40197,
        40540,
        40613,
        42109,
        596,
        233,
        64,
        121,
        10053,
        10054,
        10060,
        10061,
        6005,
        17142,
        976,
        978,
        983,
        4221,
        3980,
    }
)
"""The session is gone: killed, the server stops, a replica or an Azure database moves, the network broke (2xxxx: FreeTDS)."""

READ_ONLY = frozenset({3906, 9002, 1105, 945, 924, 926, 4060, 18456, 18452, 18470, 18487, 18488, 4064, 40615, 916})
"""No use of this database until somebody changes something: read only, full, being restored, no such database, login refused."""

CONSTRAINT = frozenset({515, 544, 547, 2601, 2627, 2628, 8152, 245, 241, 242, 220, 232, 8114, 8115, 8134, 1505, 3621, 2705})
"""The data is refused: NULL, foreign key, duplicate, too long, not convertible, out of range."""

OVERFLOW = frozenset({220, 232, 8115})
"""A number is larger than its column."""

OUT_OF_STEP = frozenset({2812, 201, 8144, 8145})
"""No such procedure, or not with these parameters."""

RIGHTS = frozenset({229, 230, 262, 297, 300, 15247, 15151, 2760})
"""The login lacks a right."""

LOST_STATES = ("08", "HYT01")

_RECORD = re.compile(r"\[([0-9A-Z]{5})\] ((?:\[[^\]]*\])+) ?")
_TAIL = re.compile(r" ?\((-?\d+)\)(?: \(SQL\w+\))?\s*;?\s*$")
_MISSING = re.compile(r"\b(column|relation) \S+ does not exist")
"""An engine that speaks T-SQL on another's tables has that one's words for 207 and 208."""
_CALL = re.compile(r"\s*\(SQL\w+\)\s*;?\s*$")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnostic record: the ODBC state, SQL Server's number (0 where the driver speaks), the bare text."""

    state: str
    number: int
    text: str


def diagnose(error: Exception) -> Diagnosis:
    """Read a pyodbc error: of several records the one that says most. The driver's prefixes are taken off its text."""
    state = str(error.args[0]) if error.args else ""
    records = _records(str(error.args[-1]) if error.args else str(error), state)
    known = PROCEDURE_ERRORS.keys() | DEADLOCK | LOCK_TIMEOUT | THROTTLED | LOST
    return next((record for record in records if record.number in known), records[0])


def _records(message: str, state: str) -> list[Diagnosis]:
    starts = list(_RECORD.finditer(message))
    if not starts:
        return [_record(state, message)]
    ends = [start.start() for start in starts[1:]] + [len(message)]
    return [_record(start.group(1), message[start.end() : end]) for start, end in zip(starts, ends, strict=True)]


def _record(state: str, text: str) -> Diagnosis:
    tail = _TAIL.search(text)
    if tail is None:
        return Diagnosis(state, 0, _CALL.sub("", text).strip())
    return Diagnosis(state, int(tail.group(1)), text[: tail.start()].strip())


def no_right(number: int, text: str) -> bool:
    """True where the login may not do what it tried."""
    return number in RIGHTS or "permission denied" in text.lower() or "permission was denied" in text.lower()


def lost(found: Diagnosis) -> bool:
    """True where the connection can't be used any more. FreeTDS has no words for one that was cut ("Unknown error")."""
    return (
        found.number in LOST
        or (found.state.startswith(LOST_STATES[0]) and found.number not in READ_ONLY)
        or found.state == LOST_STATES[1]
        or (
            found.state == "HY000" and found.number == 0 and found.text.startswith(("Unknown error", "The driver did not supply"))
        )
    )


def translate(found: Diagnosis, *, where: str, doing: str) -> SyncError:
    """Make our exception of a diagnosis. `where` names the database, `doing` what was run (a procedure's name)."""
    number, text = found.number, found.text
    if number in PROCEDURE_ERRORS:
        return PROCEDURE_ERRORS[number](text, code=number)
    told = f"{doing} on {where}: {text}"
    if number in DEADLOCK:
        return TransientError(f"{told} (deadlock, nothing was changed).", code=number, error_class="deadlock")
    if number in LOCK_TIMEOUT or found.state == "HYT00":
        return TransientError(
            f"{told} (another session held the rows for too long; nothing was changed).",
            code=number or found.state,
            error_class="lock_timeout",
        )
    if number in THROTTLED:
        return TransientError(f"{told} (the server asks to slow down).", code=number, error_class="throttle")
    if number in READ_ONLY:
        return DatabaseUnavailable(f"{told} ({number}).", code=number)
    if lost(found):
        return TransientError(f"{told} (the connection was lost; what was under way is undone).", code=number or found.state)
    if number in OUT_OF_STEP:
        return ConfigError(
            f"{told}. The procedures on the server aren't those of this version: run `syncctl db deploy`.", code=number
        )
    if no_right(number, text):
        return ConfigError(
            f"{told}. This login lacks a right: run `syncctl db deploy` as an owner of the database, "
            "then add the login's user to the role syncctl_executor (syncctl_operator: what gives up, undoes or sets something).",
            code=number,
        )
    if number in (207, 208) or _MISSING.search(text):
        return ConfigError(f"{told}. A table or column is missing: `syncctl db check` names it.", code=number)
    if number in OVERFLOW:
        told = (
            f"{told} An amount or a quantity is larger than a column holds: look at the order's and at the item's stock and cost."
        )
    if number in CONSTRAINT or found.state.startswith("23"):
        return PermanentError(told, code=number or found.state, error_class="constraint")
    return PermanentError(told, code=number or found.state, error_class="unknown")


def unreachable(found: Diagnosis, *, where: str) -> SyncError:
    """Make our exception of a failed login."""
    number, text = found.number, found.text
    if found.state in ("IM002", "IM003", "01000") or "Can't open lib" in text:
        return ConfigError(f"The ODBC driver can't be loaded: {text}", code=found.state)
    if number in (18456, 18452, 18470, 18487, 18488):
        return DatabaseUnavailable(
            f"{where} refuses this login: {text} Check user and password in SYNCCTL_DATABASE.", code=number
        )
    if number in (4060, 4064, 916) or re.search(r"database .* does not exist", text):
        return DatabaseUnavailable(f"{where}: {text}. Check the database's name, and that this login may use it.", code=number)
    if number in THROTTLED:
        return DatabaseUnavailable(f"{where} asks to slow down: {text}", code=number, error_class="throttle")
    if "certificate" in text.lower() or "SSL" in text:
        return DatabaseUnavailable(
            f"{where}: the encrypted connection failed: {text} Install the server's certificate authority on this host "
            "(or, where the network is trusted, add TrustServerCertificate=yes to SYNCCTL_DATABASE).",
            code=number or found.state,
        )
    if "ncryption not supported" in text or "ncryption is not supported" in text:
        return DatabaseUnavailable(
            f"{where} offers no encryption ({text}). Turn it on there; where the network is trusted, Encrypt=no in "
            "SYNCCTL_DATABASE does without.",
            code=number or found.state,
        )
    return DatabaseUnavailable(
        f"No connection to {where}: {text}. Check the server's name and port, and that it runs.", code=number or found.state
    )
