"""The number of the next customer; the twin of `sql/erp/counterpoint/sp_NextCustomerNumber.sql`."""

from __future__ import annotations

import re
from typing import NamedTuple

from syncctl.db.embedded.counterpoint.document import first_free, next_number
from syncctl.db.embedded.erp import Settings, customer_series_problem
from syncctl.db.embedded.registry import Session
from syncctl.errors import ConfigError

_LONGEST = 15
"""Letters of AR_CUST.CUST_NO."""


class _Series(NamedTuple):
    """A row of CounterPoint's that holds the next number."""

    table: str
    key: str
    key_value: object
    name: str
    next_no: str

    def following(self, session: Session) -> tuple[str, str]:
        """Return the next number that no customer has, and the one behind it, both written as CounterPoint writes them.

        Raises:
            ConfigError: there is none.
        """
        if len(self.next_no) > _LONGEST:
            raise _problem(
                f"{self.name} is {self.next_no}, longer than the {_LONGEST} letters that a customer's number has."
                " Give it a new one in CounterPoint."
            )
        digits = re.search(r"[0-9]*$", self.next_no).group()  # type: ignore[union-attr]  # it always fits, if only nothing
        if not digits:
            raise _problem(f"{self.name} is {self.next_no}, which ends in no digit to count up. Correct it in CounterPoint.")
        prefix, value = self.next_no[: -len(digits)], int(digits)
        value = first_free(session, "CUST_NO", prefix, len(digits), value)
        if len(str(value + 1)) > len(digits):
            raise _problem(
                f"{self.name} is {self.next_no} and has no free number left that is as wide. Give it a new one in CounterPoint."
            )
        return f"{prefix}{value:0{len(digits)}d}", f"{prefix}{value + 1:0{len(digits)}d}"


def next_customer_number(session: Session, settings: Settings) -> str:
    """Take the number of the next customer from the series that CUST_NO_FROM names.

    Raises:
        ConfigError: there is no such series, or it has no next number.
        MappingError: the series of USER_NUMBER_SERIES is missing or has run out.
    """
    series = _series(session, settings)
    if series is None:
        return next_number(session, "CUST_NO")
    number, behind = series.following(session)
    session.run(
        f"UPDATE dbo.{series.table} SET NXT_CUST_NO = :behind WHERE {series.key} = :key",  # noqa: S608  (constants)
        {"behind": behind, "key": series.key_value},
    )
    return number


def require_customer_number(session: Session, settings: Settings) -> None:
    """Look whether there is a next number, and take none.

    Raises:
        ConfigError: there is no such series, or it has no next number.
    """
    if series := _series(session, settings):
        series.following(session)
    elif problem := customer_series_problem(session):
        raise _problem(problem)


def _series(session: Session, settings: Settings) -> _Series | None:
    """Return CounterPoint's own series; None where USER_NUMBER_SERIES numbers customers."""
    source = settings.get("CUST_NO_FROM") or "SERIES"
    if source == "SERIES":
        return None
    if source not in ("EC_CTL", "SY_WRKGRP"):
        raise _problem(
            f"The site setting CUST_NO_FROM is {source}; it takes SERIES, EC_CTL or SY_WRKGRP. Set it: `syncctl config erp set`."
        )
    return _control(session) if source == "EC_CTL" else _workgroup(session, settings.get("WRKGRP_ID"))


def _control(session: Session) -> _Series:
    row = session.one("SELECT KEY_ID, NXT_CUST_NO FROM dbo.EC_CTL ORDER BY KEY_ID LIMIT 1")
    name = "EC_CTL.NXT_CUST_NO"
    if row is None or not (row["NXT_CUST_NO"] or "").strip():
        raise _missing(name)
    return _Series("EC_CTL", "KEY_ID", row["KEY_ID"], name, row["NXT_CUST_NO"].rstrip(" "))


def _workgroup(session: Session, wanted: str | None) -> _Series:
    rows = session.all(
        "SELECT WRKGRP_ID, NXT_CUST_NO, NXT_CUST_NO_AUTO FROM dbo.SY_WRKGRP WHERE :wanted IS NULL OR WRKGRP_ID = :wanted",
        {"wanted": wanted},
    )
    if len(rows) > 1:
        raise _problem(
            "SY_WRKGRP has several workgroups: say whose NXT_CUST_NO numbers customers, with"
            " `syncctl config erp set WRKGRP_ID ID`."
        )
    row = rows[0] if rows else None
    group = row["WRKGRP_ID"] if row is not None else wanted or ""
    if row is not None and row["NXT_CUST_NO_AUTO"] != "Y":
        raise _problem(
            f"Workgroup {group} gives customers no number by itself (NXT_CUST_NO_AUTO). Let it in CounterPoint, or number"
            " customers otherwise: `syncctl config erp set CUST_NO_FROM EC_CTL` (or SERIES)."
        )
    name = f"NXT_CUST_NO of SY_WRKGRP {group}"
    if row is None or not (row["NXT_CUST_NO"] or "").strip():
        raise _missing(name)
    return _Series("SY_WRKGRP", "WRKGRP_ID", group, name, row["NXT_CUST_NO"].rstrip(" "))


def _missing(name: str) -> ConfigError:
    return _problem(
        f"There is no {name} to number customers by. Set it in CounterPoint, or number them otherwise:"
        " `syncctl config erp set CUST_NO_FROM SERIES`."
    )


def _problem(text: str) -> ConfigError:
    return ConfigError(text, code=50041)
