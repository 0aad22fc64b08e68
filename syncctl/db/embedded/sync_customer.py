"""A customer of the store into the ERP: found there or made, and what follows the store; the twin of `sp_SyncCustomer`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from syncctl.db.embedded.customer_fields import follow_customer, remember_customer
from syncctl.db.embedded.customers import mapped_customers, same_address
from syncctl.db.embedded.erp import Erp, erp_of, settings_of
from syncctl.db.embedded.order_content import Content, read_customer
from syncctl.db.embedded.registry import Session
from syncctl.errors import ConfigError
from syncctl.text_width import width as units

_LONGEST_EMAIL = 100


class CustomerOutcome(NamedTuple):
    """What became of a customer: created, linked, updated, unchanged, or failed.

    `problem` of a failed one is what to say; beside any other, what was cut or kept, or None.
    """

    outcome: str
    cust_no: str | None
    problem: str | None


class _Match(NamedTuple):
    """Who a customer is in the ERP, the map's row that says so, and what to say where it can't be told."""

    cust_no: str | None
    row: sqlite3.Row | None
    problem: str | None = None


@dataclass(slots=True)
class _Candidate:
    cust_no: str
    other_id: int | None = None
    same_email: bool = False


@dataclass(frozen=True, slots=True)
class _Person:
    """A customer of the store; `user_id` is None for a guest, `email` for one without or with too long an address."""

    store_id: str
    user_id: int | None
    email: str | None
    content: Content

    @property
    def who(self) -> str:
        return str(self.user_id if self.user_id is not None else self.email)


def sync_customer(session: Session, line: sqlite3.Row) -> CustomerOutcome:
    """Bring one customer of a store into the ERP, by a line of the customer queue. See `sql/procedures/sp_SyncCustomer.sql`.

    Raises:
        ConfigError: this site's set-up keeps customers from being made.
    """
    if newer := _brought_since(session, line):
        return CustomerOutcome("unchanged", newer, None)
    content = read_customer(line["customer_json"])
    if content is None:
        return _failed("What is noted of this customer can't be read. Queue it anew: `syncctl customers start`.")
    whole_email = (line["email"] or "").strip(" ") or None
    email = whole_email if whole_email and units(whole_email) <= _LONGEST_EMAIL else None
    person = _Person(line["store_id"], line["woo_customer_id"] or None, email, content)
    if email is None and not content.billing.get("NAM"):
        return _failed(
            "This customer has neither a name nor a company nor an e-mail address. Add one in the store, then queue it anew:"
            " `syncctl customers start`."
        )
    if email is None and person.user_id is None:
        return _failed("A guest without an e-mail address (of at most 100 letters) could never be found again.")
    erp = erp_of(session)
    match = _match(session, erp, person)
    if match.problem is not None:
        return _failed(match.problem)
    cust_no, is_new = match.cust_no, False
    if cust_no is None:
        if problem := erp.new_customer_problem(session):
            raise ConfigError(problem, code=50041)
        cust_no, is_new = erp.create_customer(session, email or "", content), True
        remember_customer(session, erp, person.store_id, cust_no, email or "", content)
    linked = _note_in_map(session, person, cust_no, match.row)
    changed, kept = follow_customer(session, erp, person.store_id, cust_no, email or "", content)
    told = []
    if whole_email and email is None:
        told.append("An e-mail address of more than 100 letters is not taken over.")
    if is_new or changed:
        cut = [text.field for text in erp.lossy_texts({"CUST_EMAIL": email, "WOO_ORDER_NO": None}, content)]
        told += [f"The ERP can't hold all of: {', '.join(cut)}."] if cut else []
    told += [kept] if kept else []
    outcome = "created" if is_new else "linked" if linked else "updated" if changed else "unchanged"
    return CustomerOutcome(outcome, cust_no, " ".join(told) or None)


def _brought_since(session: Session, line: sqlite3.Row) -> str | None:
    """Return whom a later queue has brought this customer as: what that noted is newer than this line."""
    # Two statements: an index for registered customers and one for guests serve only whoever says which.
    who = "newer.woo_customer_id > 0 AND newer.woo_customer_id = :customer"
    if not line["woo_customer_id"]:
        who = "newer.woo_customer_id = 0 AND newer.email = :email"
    newer = session.one(
        f"""
        SELECT newer.cust_no
        FROM dbo.USER_CUSTOMER_QUEUE AS later
        INNER JOIN dbo.woo_customer_sync_queue_line AS newer ON newer.queue_id = later.id
        WHERE later.store_id = :store AND later.id > :queue AND {who} AND newer.id > :line AND newer.state = 'done'
        ORDER BY newer.id DESC
        LIMIT 1
        """,  # noqa: S608  (constants)
        {
            "store": line["store_id"],
            "queue": line["queue_id"],
            "customer": line["woo_customer_id"],
            "email": line["email"],
            "line": line["id"],
        },
    )
    return None if newer is None else newer["cust_no"]


def _failed(problem: str) -> CustomerOutcome:
    return CustomerOutcome("failed", None, problem)


def _match(session: Session, erp: Erp, person: _Person) -> _Match:
    """Find out who a customer is in the ERP. See `sql/procedures/sp_MatchCustomer.sql`."""
    store_id, user_id, email = person.store_id, person.user_id, person.email
    by_email = mapped_customers(session, store_id, email=email) if email else []
    if user_id is None:
        rows = sorted(by_email, key=lambda row: (row["WOO_USER_ID"] is not None, row["MAP_ID"]))
    else:
        rows = sorted(mapped_customers(session, store_id, user_id=user_id, email=email), key=lambda row: int(row["MAP_ID"]))
    row = rows[0] if rows else None
    gone, manual = None, row is not None and row["MAPPING_SOURCE"] == "manual"
    if row is not None:
        cust_no = erp.customer_no(session, row["CUST_NO"])
        if cust_no is None:
            gone = str(row["CUST_NO"])
        else:
            known = (row["WOO_EMAIL"] or "").strip(" ")
            if manual or user_id is None or not known or email is None or same_address(known, email):
                return _Match(cust_no, row, _doubled(session, person, cust_no, row))
            # The account has another e-mail address than it had.
            others = {str(mapped["CUST_NO"]) for mapped in by_email} | set(erp.find_customers(session, email))
            others = {other for other in others if other.lower() != cust_no.lower()}
            if not others:
                return _Match(cust_no, row)
            return _Match(None, row, _unclear(person, "new e-mail address", [_Candidate(each) for each in (cust_no, *others)]))
    if gone is not None and manual:
        return _Match(None, row, _gone(person.who, gone))
    candidates, by = _candidates(session, erp, person, by_email, gone)
    fitting = [each for each in candidates if erp.is_fitting(session, each.cust_no, person.content)]
    chosen = candidates if len(candidates) == 1 else fitting if by == "e-mail address" else []
    if len(chosen) == 1:
        [one] = chosen
        if one.other_id is None or (one.same_email and one in fitting):
            cust_no = erp.customer_no(session, one.cust_no)
            return _Match(cust_no, row) if cust_no else _Match(None, row, _gone(email or person.who, one.cust_no))
    if candidates:
        return _Match(None, row, _unclear(person, by, candidates))
    return _Match(None, row, None if gone is None else _gone(person.who, gone))


def _doubled(session: Session, person: _Person, cust_no: str, row: sqlite3.Row) -> str | None:
    """Say that a customer whom a row without a store names is another account of the store: one customer is one account."""
    own = session.one(
        """
        SELECT WOO_USER_ID FROM dbo.USER_CUSTOMER_MAP
        WHERE IS_ACTIVE = 1 AND STORE_ID = :store AND CUST_NO = :cust_no AND WOO_USER_ID <> :user AND MAP_ID <> :map
        """,
        {"store": person.store_id, "cust_no": cust_no, "user": person.user_id, "map": row["MAP_ID"]},
    )
    return (
        None
        if own is None
        else (
            f"Customer {cust_no} is account {own['WOO_USER_ID']} of the store already, and can be one only. "
            "`syncctl map customer remove` takes a wrong row away."
        )
    )


def _candidates(
    session: Session, erp: Erp, person: _Person, by_email: list[sqlite3.Row], gone: str | None
) -> tuple[list[_Candidate], str]:
    """Return who a customer may be that the map doesn't know by its id, and by what."""

    def account_of(cust_no: str, *, any_id: bool) -> int | None:
        rows = mapped_customers(session, person.store_id, cust_no=cust_no, email=person.email)
        ids = {row["WOO_USER_ID"] for row in rows if row["WOO_USER_ID"] is not None and row["WOO_USER_ID"] != person.user_id}
        return max(ids) if ids and (any_id or person.user_id is not None) else None

    mapped: dict[str, _Candidate] = {}
    for row in by_email:
        if row["CUST_NO"] != gone:
            candidate = mapped.setdefault(row["CUST_NO"].lower(), _Candidate(row["CUST_NO"], same_email=True))
            if person.user_id is not None and row["WOO_USER_ID"] not in (None, person.user_id):
                candidate.other_id = max(candidate.other_id or 0, row["WOO_USER_ID"])
    if mapped:
        return list(mapped.values()), "e-mail address"
    # What the map says of the address comes before what the ERP has.
    found = erp.find_customers(session, person.email) if person.email else []
    if found:
        return [_Candidate(each, account_of(each, any_id=False)) for each in found], "e-mail address"
    if gone is None and settings_of(session).get("CUST_MATCH_NAME") == "Y":
        namesakes = erp.find_namesakes(session, person.content)
        return [_Candidate(each, account_of(each, any_id=True)) for each in namesakes], "name and postcode"
    return [], "e-mail address"


def _note_in_map(session: Session, person: _Person, cust_no: str, row: sqlite3.Row | None) -> bool:
    """Note in the customer map who a customer is: one row for a customer of the ERP and a store. Returns whether that is new."""
    key = {
        "store": person.store_id, "cust_no": cust_no, "user": person.user_id, "email": person.email, "now": session.now,
        "map": None if row is None else row["MAP_ID"],
    }  # fmt: skip
    own = session.one("SELECT * FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 AND CUST_NO = :cust_no AND STORE_ID = :store", key)
    if own is not None and row is not None and own["MAP_ID"] != row["MAP_ID"]:
        session.run("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0 WHERE MAP_ID = :map", key)
        row = None
    row = row if row is not None else own
    if row is None:
        session.run(
            """
            INSERT INTO dbo.USER_CUSTOMER_MAP (STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT)
            VALUES (:store, :cust_no, :user, :email, 'syncctl', 1, :now)
            """,
            key,
        )
        return True
    session.run(
        """
        UPDATE dbo.USER_CUSTOMER_MAP
        SET STORE_ID = :store, CUST_NO = :cust_no, WOO_USER_ID = COALESCE(:user, WOO_USER_ID),
            WOO_EMAIL = CASE WHEN :user IS NULL AND WOO_USER_ID IS NOT NULL THEN WOO_EMAIL ELSE COALESCE(:email, WOO_EMAIL) END
        WHERE MAP_ID = :map
        """,
        {**key, "map": row["MAP_ID"]},
    )
    return row["CUST_NO"].lower() != cust_no.lower() or person.user_id not in (None, row["WOO_USER_ID"])


def _gone(who: str, cust_no: str) -> str:
    return (
        f"By the customer map {who} is customer {cust_no}, who is not in the ERP any more. Name another one: "
        f"`syncctl map customer {who} NUMBER`; or `syncctl map customer remove {who}`, and a new one is made."
    )


def _unclear(person: _Person, by: str, candidates: list[_Candidate]) -> str:
    named = [
        each.cust_no + (f" (account {each.other_id} of the store)" if each.other_id is not None else "")
        for each in sorted(candidates, key=lambda each: each.cust_no)
    ]
    return (
        f"By {by} {person.who} may be customer {', '.join(named[:10])}. Say who it is: "
        f"`syncctl map customer {person.who} NUMBER`; `syncctl map customer remove` takes a wrong row away."
    )
