"""Which orders would get another status in the store from us: said before anything is written, since a store mails by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from syncctl.db.contract import Database, ListErpSettings, ListOutbox, ListStagedOrders, QueueStatusChanges, StagedOrder
from syncctl.models import Meaning
from syncctl.services.find import each_staged_order
from syncctl.services.raising import MAY_BE_ENTERED, why_not_raised

MOST = 500
"""So many orders are looked at for what the store is to be told of them; those beyond wait just so, and aren't named."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An order that would get another status: from which, to which."""

    woo_order_id: int
    woo_order_no: str | None
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Raising:
    """What decides whether a staged order would get another status."""

    meaning: Callable[[str], Meaning]
    """Tells what one of the store's words means."""
    allowed: bool = True
    applied_status: str | None = None
    """What an order gets that enters the ERP."""

    def may_be_told(self, status: str | None) -> bool:
        """Say whether this is a status that orders of the store may get from us at all."""
        return bool(status) and self.meaning(status or "") in MAY_BE_ENTERED

    def on_entering(self, order: StagedOrder) -> str | None:
        """Return the status that this order would get when the ERP has it; None where it would keep its own."""
        return self._raised(order, self.applied_status) if order.pending_action == "create" else None

    def among(self, database: Database, *, store_id: str) -> list[Raised]:
        """Return the orders of a store that the next runs would give another status, as things stand."""
        found = {raised.woo_order_id: raised for raised in self._waiting(database, store_id) if raised is not None}
        return [found[order_id] for order_id in sorted(found)]

    def _waiting(self, database: Database, store_id: str) -> Iterator[Raised | None]:
        for order in each_staged_order(database, states="PENDING,FAILED,CLAIMED", store_id=store_id):
            if order.pending_action == "create":
                yield self._told(order, self.applied_status)
        messages = (message for message in database.run(ListOutbox()) if message.store_id == store_id and message.target_status)
        for message in islice(messages, MOST):
            yield from (self._told(order, message.target_status) for order in _staged(database, message.staging_id))
        for change in database.run(QueueStatusChanges(store_id=store_id, batch_size=MOST, dry_run=True)):
            yield from (self._told(order, change.woo_status) for order in _staged(database, change.staging_id))

    def _told(self, order: StagedOrder, target: str | None) -> Raised | None:
        after = self._raised(order, target)
        return Raised(order.woo_order_id, order.woo_order_no, order.ord_status or "", after) if after else None

    def _raised(self, order: StagedOrder, target: str | None) -> str | None:
        status = order.ord_status or ""
        if not target or target == status:
            return None
        why_not = why_not_raised(
            target, staged=(status, order.status_meaning), target_meaning=self.meaning(target), allowed=self.allowed
        )
        return None if why_not else target


def raising_of(database: Database, *, meaning: Callable[[str], Meaning], allowed: bool) -> Raising:
    """Read what a database says of it."""
    settings = {row.name: row.value for row in database.run(ListErpSettings())}
    return Raising(meaning=meaning, allowed=allowed, applied_status=settings.get("APPLIED_STATUS"))


def _staged(database: Database, staging_id: int | None) -> list[StagedOrder]:
    return [] if staging_id is None else database.run(ListStagedOrders(staging_id=staging_id))
