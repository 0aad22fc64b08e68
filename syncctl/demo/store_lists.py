"""The simulated shop's lists: filters, order, paging and headers as WooCommerce has them, its traps included."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from syncctl.demo import store_errors as errors
from syncctl.demo.store_amounts import Manner
from syncctl.demo.store_odd import Oddities

Raw = dict[str, Any]

_FILTERS = ("any", "trash", *errors.STATUSES)
_DATE_LENGTH = len("2026-11-20T12:00:00")
_ORDER_BY = {"id": "id", "date": "date_created_gmt", "modified": "date_modified_gmt", "include": "id"}
_HIDDEN = ("trash", "auto-draft", "checkout-draft")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page and the headers that describe it."""

    rows: list[Raw]
    headers: dict[str, str]


def orders(
    query: dict[str, str],
    held: Iterable[Raw],
    *,
    timezone: ZoneInfo,
    quirks: frozenset[str],
    odd: Oddities | None = None,
    plugins: Collection[str] = (),
    excluded: Collection[str] = (),
    switched_off: Collection[str] = (),
    manner: Manner | None = None,
) -> Listing:
    """List orders. Bounds in time are exclusive; without `dates_are_gmt` they are compared with the shop's local times.

    `any` among the statuses is as if it stood there alone. It leaves out the `excluded` ones; those `switched_off` it counts and
    doesn't show. Of plugins' statuses those in `plugins` and `excluded` may be asked for.

    Raises:
        StoreError: a parameter out of its range.
        Odd: an order breaks its page.
    """
    statuses = [status.removeprefix("wc-") for status in query.get("status", "any").split(",")]
    for at, status in enumerate(statuses):
        if status not in (*_FILTERS, *plugins, *excluded):
            raise errors.bad_status(f"status[{at}]", (*_FILTERS, *sorted((*plugins, *excluded))))
    hidden = (*(status for status in _HIDDEN if f"any-lists-{status}" not in quirks), *excluded)
    gmt = query.get("dates_are_gmt", "false").lower() in ("true", "1")
    tests: list[Callable[[Raw], bool]] = [
        (lambda row: row["status"] not in hidden) if "any" in statuses else (lambda row: row["status"] in statuses)
    ]
    for name, column, later in (
        ("after", "date_created", True),
        ("before", "date_created", False),
        ("modified_after", "date_modified", True),
        ("modified_before", "date_modified", False),
    ):
        if name in query:
            tests.append(_bound(name, query[name], column + ("_gmt" if gmt else ""), later=later, timezone=timezone))
    if "customer" in query:
        tests.append(lambda row: str(row["customer_id"]) == query["customer"])
    rows = [row for row in held if all(test(row) for test in tests)]
    unseen = frozenset(row["id"] for row in rows if row["status"] in switched_off)
    return page(query, rows, order_by=_ORDER_BY, quirks=quirks, odd=odd, unseen=unseen, manner=manner)


def page(
    query: dict[str, str],
    rows: list[Raw],
    *,
    order_by: dict[str, str],
    quirks: frozenset[str] = frozenset(),
    odd: Oddities | None = None,
    unseen: Collection[int] = (),
    manner: Manner | None = None,
) -> Listing:
    """Include, exclude, sort and cut a list into its pages. Rows with equal keys come in any order, and in another one next time.

    Rows that are hidden are left out after the page was cut, and counted all the same, as WooCommerce does.

    Raises:
        StoreError: a parameter out of its range.
        Odd: a row breaks its page.
    """
    odd = odd or Oddities()
    manner = manner or Manner()
    per_page = _integer(query, "per_page", 10)
    if not 1 <= per_page <= 100:
        raise errors.bad_parameter("per_page", "per_page must be between 1 (inclusive) and 100 (inclusive)", "rest_out_of_bounds")
    per_page = odd.per_page(per_page)
    number = _integer(query, "page", 1)
    if number < 1:
        raise errors.bad_parameter("page", "page must be greater than or equal to 1", "rest_out_of_bounds")
    sort_by = query.get("orderby", "date" if "date" in order_by else "id")
    if sort_by not in order_by:
        raise errors.bad_parameter("orderby", f"orderby is not one of {', '.join(order_by)}.", "rest_not_in_enum")
    descending = query.get("order", "desc" if sort_by != "include" else "asc") == "desc"
    for name, kept in (("include", True), ("exclude", False)):
        if name in query:
            ids = {int(text) for text in query[name].split(",") if text.isdecimal()}
            rows = [row for row in rows if (row["id"] in ids) == kept]
    if sort_by != "id":
        rows = random.sample(rows, len(rows))
    rows = sorted(rows, key=lambda row: row.get(order_by[sort_by]) or "", reverse=descending)
    offset = _integer(query, "offset", 0) if "offset" in query and "ignores-offset" not in quirks else (number - 1) * per_page
    found = rows[offset : offset + per_page]
    # On a page past the end the shop counts nothing at all.
    total = 0 if not found and "counts-past-the-end" not in quirks else len(rows)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(math.ceil(total / per_page))}
    found = [row for row in found if row["id"] not in odd.hidden and row["id"] not in unseen]
    odd.look_at_page(found, ids_only=query.get("_fields") == "id")
    if wanted := query.get("_fields"):
        names = wanted.split(",")
        found = [{name: row[name] for name in names if name in row} for row in found]
    return Listing(
        [odd.as_shown(manner.write(row, query.get("dp"))) for row in found], odd.headers(headers, first_page=offset == 0)
    )


def _bound(name: str, text: str, column: str, *, later: bool, timezone: ZoneInfo) -> Callable[[Raw], bool]:
    """Compare a date column with a bound. One with an offset is turned into local time first, even where UTC is asked for."""
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or len(text) < _DATE_LENGTH:
        raise errors.bad_parameter(name, "Invalid date.", "rest_invalid_date")
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone)
    bound = moment.replace(tzinfo=None, microsecond=0).isoformat()
    if later:
        return lambda row: (row.get(column) or "") > bound
    return lambda row: (row.get(column) or "") < bound


def _integer(query: dict[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise errors.bad_parameter(name, f"{name} is not of type integer.", "rest_invalid_type") from None
