"""The one lease: a row is one worker's attempt until a moment, and every later write proves that it still is.

Orders, messages to the store, claims for proofs, notifications and customers are each leased in this way; a table says only how
its columns are called and which state counts as held. `sql/procedures/sp_Fence*.sql` and `sp_Claim*.sql` have the same shape.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncctl.db.embedded.registry import Session, require
from syncctl.errors import LeaseLost, NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """How one table's rows are leased. `(owner, attempt)` is the fence."""

    table: str
    key: str
    what: str
    """What a person calls a row's key: `Staging id`."""
    called: Callable[[sqlite3.Row], str]
    """What a message calls a row."""
    owner: str = "LEASE_OWNER"
    until: str = "LEASE_UNTIL_DT"
    attempt: str = "ATTEMPT_NO"
    state: str | None = "STATE"
    """The column that says whether a row is held; None where the end of the lease alone says so."""
    held: str = "CLAIMED"
    """What that column says then."""
    touched: str | None = None
    """The column that says when a row was last written."""

    def row(self, session: Session, key: int) -> sqlite3.Row:
        """Return a row, whoever holds it.

        Raises:
            NotFound: there is none.
        """
        row = session.one(f"SELECT * FROM dbo.{self.table} WHERE {self.key} = :key", {"key": key})  # noqa: S608  (constants)
        if row is None:
            raise NotFound(f"{self.what} {key} does not exist.", code=50004)
        return row

    def take(self, session: Session, keys: Iterable[int], worker_id: str, seconds: int) -> list[sqlite3.Row]:
        """Lease rows to a worker for so long, one attempt more each; return them as they stand then."""
        also = f"{self.state} = '{self.held}', " if self.state else ""
        also += f"{self.touched} = :now, " if self.touched else ""
        taken = []
        for key in keys:
            session.run(
                f"""
                UPDATE dbo.{self.table}
                SET {also}{self.owner} = :worker, {self.until} = :until, {self.attempt} = {self.attempt} + 1
                WHERE {self.key} = :key
                """,  # noqa: S608  (constants)
                {"worker": worker_id, "until": self.ends(session, seconds), "now": session.now, "key": key},
            )
            taken.append(self.row(session, key))
        return taken

    def fence(
        self, session: Session, key: int, worker_id: str, attempt_no: int, *, finished: tuple[str, ...] = ()
    ) -> sqlite3.Row:
        """Return the row if this worker's attempt still holds it.

        With `finished` (states), a row that this same attempt has brought into one of them passes too: the answer to the first
        try was lost. A lease that has run out, and that nobody has taken since, still passes.

        Raises:
            NotFound: there is no such row.
            LeaseLost: another worker or attempt holds it, or nobody does.
        """
        row = self.row(session, key)
        held = row[self.until] is not None if self.state is None else row[self.state] in (self.held, *finished)
        if held and row[self.owner] == worker_id and row[self.attempt] == attempt_no:
            return row
        stands = f"{row[self.state]} at attempt" if self.state else "at attempt"
        raise LeaseLost(
            f"{self.called(row)}: attempt {attempt_no} of {worker_id} no longer holds it; "
            f"it is {stands} {row[self.attempt]} now. Nothing was written.",
            code=50010,
        )

    @staticmethod
    def ends(session: Session, seconds: int) -> datetime:
        """Return the moment so many seconds from now."""
        return session.now + timedelta(seconds=seconds)


def require_lease(worker_id: str, batch_size: int, lease_seconds: int, *checks: tuple[bool, str]) -> None:
    """Raise one BadArgument for everything that is wrong with a claim's parameters."""
    require(
        (worker_id != "", "@WORKER_ID is required."),
        (1 <= batch_size <= 1000, "@BATCH_SIZE takes 1 to 1000."),
        (1 <= lease_seconds <= 86_400, "@LEASE_SECONDS takes 1 to 86400."),
        *checks,
    )


ORDER = Lease(
    table="USER_ORDER_STAGING",
    key="STAGING_ID",
    what="Staging id",
    called=lambda row: f"Order {row['WOO_ORDER_NO'] or row['WOO_ORDER_ID']} (staging id {row['STAGING_ID']})",
    touched="UPDATED_DT",
)
MESSAGE = Lease(
    table="USER_STORE_OUTBOX",
    key="OUTBOX_ID",
    what="Outbox id",
    called=lambda row: f"Message {row['OUTBOX_ID']} of order {row['WOO_ORDER_ID']}",
)
NOTIFICATION = Lease(
    table="USER_NOTIFICATION",
    key="NOTIFICATION_ID",
    what="Notification id",
    called=lambda row: f"Notification {row['NOTIFICATION_ID']}",
)
PROOF = Lease(
    table="claims",
    key="id",
    what="Claim id",
    called=lambda row: f"Claim {row['claim_reference']}",
    owner="pod_lease_owner",
    until="pod_lease_until",
    attempt="pod_attempt_no",
    state=None,
)
CUSTOMER = Lease(
    table="woo_customer_sync_queue_line",
    key="id",
    what="Customer line",
    called=lambda row: f"Customer {row['woo_customer_id'] or row['email']} of queue {row['queue_id']}",
    owner="lease_owner",
    until="lease_until_dt",
    attempt="attempt_no",
    state="state",
    held="processing",
)
LEASES = (ORDER, MESSAGE, NOTIFICATION, PROOF, CUSTOMER)
