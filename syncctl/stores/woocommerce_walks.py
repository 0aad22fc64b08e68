"""The lists of orders that walks read: which status each asks for, in which window, and what of the answer belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from syncctl.errors import StoreRefused
from syncctl.stores.base import ORDERS_WALK, TRASH_WALK, NoSuchList, WalkState
from syncctl.stores.woocommerce_orders import EXACT, NOT_ORDERS
from syncctl.stores.woocommerce_statuses import TRASH

NO_SUCH_STATUS = "rest_invalid_param"
NAMED = "status "
"""How the walk over one status begins its name."""
ONE_SECOND = timedelta(seconds=1)


def window(walk: str, created_since: datetime, created_until: datetime) -> dict[str, str]:
    """Return what a list of the orders created in a window asks for."""
    return {
        "status": listed_by(walk),
        "after": naive(created_since - ONE_SECOND),
        "before": naive(created_until + ONE_SECOND),
        "dates_are_gmt": "true",
    }


def changed_in(walk: WalkState) -> dict[str, str]:
    """Return what a walk's list asks for."""
    return {
        "status": listed_by(walk.name),
        # Exclusive, of one second's resolution, and right in every version only as naive UTC with the flag.
        "modified_after": naive(walk.since_dt - ONE_SECOND),
        "dates_are_gmt": "true",
        **EXACT,
    }


def listed_by(walk: str) -> str:
    """Return what a walk's list asks for as status."""
    return {TRASH_WALK: TRASH, ORDERS_WALK: "any"}.get(walk, walk.removeprefix(NAMED))


@contextmanager
def status_known(walk: str) -> Iterator[None]:
    """Say of a status that the store refuses to list, which is a plugin's, that there are no such orders to be had."""
    try:
        yield
    except StoreRefused as refused:
        if refused.code != NO_SUCH_STATUS or not walk.startswith(NAMED):
            raise
        raise NoSuchList(
            f"The store knows no status {listed_by(walk)}, which SYNCCTL_WOO_CREATE_STATUSES names: it is misspelt, or its "
            "plugin is switched off. Orders that have it all the same can't be listed there.",
            code=refused.code,
        ) from refused


Belongs = Callable[[str, datetime | None], bool]
"""Tells by an order's status, and when it was last modified, whether it belongs to a walk."""


def of(walk: str) -> Belongs:
    """Filter again on our side: versions differ in what `any` lists."""
    if walk == ORDERS_WALK:
        return lambda status, _: status not in NOT_ORDERS and status != TRASH
    wanted = listed_by(walk)
    return lambda status, _: status == wanted


def changed_between(walk: str, since: datetime, until: datetime | None) -> Belongs:
    """Filter by the date, too: plugins differ in what they make of it."""
    is_of, begin = of(walk), since.replace(microsecond=0)

    def belongs(status: str, modified: datetime | None) -> bool:
        if not is_of(status, modified):
            return False
        return modified is None or (modified >= begin and (until is None or modified <= until))

    return belongs


def naive(moment: datetime) -> str:
    """UTC without a suffix, whole seconds: `modified_after` reads anything else wrong, or not at all."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
