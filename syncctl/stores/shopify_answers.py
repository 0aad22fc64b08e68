"""What Shopify's answers say: their data, with what is missing in it named, or an error that says what to do.

Shopify answers most of what goes wrong with HTTP 200 and `errors`. One error may concern the whole request (no points left, a
query that its version doesn't know), one row of it (its `path` leads there), or a right that the token lacks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from syncctl.answer_json import NoJson, read_json
from syncctl.clock import Clock
from syncctl.errors import StoreMisconfigured, StoreUnavailable
from syncctl.http_answer import HttpAnswer
from syncctl.http_dates import date_of, header_moment
from syncctl.stores.shopify_bucket import seconds_until
from syncctl.stores.shopify_operations import Operation

log = logging.getLogger(__name__)

THROTTLED = "THROTTLED"
TOO_DEAR = "MAX_COST_EXCEEDED"
DENIED = "ACCESS_DENIED"
_PASSING = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE", "INTERNAL_ERROR"})
_INACTIVE = frozenset({"SHOP_INACTIVE", "PAYMENT_REQUIRED"})
_MOST_SAID = 3
_LONGEST_REST = 86_400.0


class Throttled(StoreUnavailable):
    """There were not enough points, or too many requests: nothing was done. `retry_after` is when there are enough."""

    def __init__(self, message: str, *, retry_after: float | None, cost: Mapping[str, Any] | None) -> None:
        super().__init__(message, code=THROTTLED, retry_after=retry_after)
        self.cost = cost


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of `errors`: what could not be had, and where in the data it would stand."""

    path: tuple[str | int, ...]
    code: str
    message: str

    @property
    def passing(self) -> bool:
        """True where Shopify itself failed, and may do better later."""
        return self.code in _PASSING


class Reader:
    """Reads one store's answers. `plain` makes the store's text fit for a message, without our token."""

    def __init__(self, store: str, version: str, plain: Callable[..., str], clock: Clock) -> None:
        self._store = store
        self._version = version
        self._plain = plain
        self._clock = clock
        self.warnings: dict[str, None] = {}
        """In the order in which they came."""

    def read(
        self, operation: Operation, answer: HttpAnswer
    ) -> tuple[Mapping[str, Any], tuple[Fault, ...], Mapping[str, Any] | None]:
        """Return an answer's data, what is missing in it, and its `extensions.cost`.

        Raises:
            Throttled: for want of points, by a 200 or a 429.
            StoreUnavailable: 5xx, an answer that can't be read, or an error inside Shopify that left no data.
            StoreMisconfigured: the token, the domain, the version, a right; or a query that this version doesn't know.
        """
        if answer.status != 200:
            self._refused(operation, answer)
        self._note_version(answer.headers)
        body = self._json(operation, answer)
        extensions = body.get("extensions")
        cost = extensions.get("cost") if isinstance(extensions, Mapping) else None
        cost = cost if isinstance(cost, Mapping) else None
        faults = self._faults(body.get("errors"))
        for fault in faults:
            if fault.code == THROTTLED:
                wait = seconds_until(cost) if cost else None
                raise Throttled(
                    f"{self._store} has no points left for {operation.name} ({fault.message}).", retry_after=wait, cost=cost
                )
        data = body.get("data")
        if not isinstance(data, Mapping):
            self._no_data(operation, faults)
        return data, faults, cost

    def _faults(self, errors: object) -> tuple[Fault, ...]:
        if not errors:
            return ()
        found = errors if isinstance(errors, list) else [{"message": errors}]
        return tuple(self._fault(each) for each in found)

    def _fault(self, error: object) -> Fault:
        raw = error if isinstance(error, Mapping) else {"message": error}
        extensions = raw.get("extensions")
        code = extensions.get("code") if isinstance(extensions, Mapping) else None
        path = raw.get("path")
        steps = tuple(step for step in path if isinstance(step, str | int)) if isinstance(path, list) else ()
        return Fault(steps, self._plain(str(code or ""), 64), self._plain(str(raw.get("message") or "no message")))

    def _no_data(self, operation: Operation, faults: tuple[Fault, ...]) -> NoReturn:
        said = "; ".join(f"{fault.code}: {fault.message}" if fault.code else fault.message for fault in faults[:_MOST_SAID])
        told = f"{self._store} gives nothing for {operation.name} ({said or 'no data and no error'})."
        codes = {fault.code for fault in faults}
        if TOO_DEAR in codes:
            raise StoreUnavailable(told, code=TOO_DEAR)
        if DENIED in codes:
            raise StoreMisconfigured(f"{told} The app lacks a right: see its Admin API access scopes.", code=DENIED, alone=told)
        if codes & _INACTIVE:
            raise StoreMisconfigured(f"{told} The store is closed or frozen.", code=min(codes & _INACTIVE))
        if not faults or codes & _PASSING or any(fault.path for fault in faults):
            raise StoreUnavailable(told, code=min(codes) if codes else "no_data", alone=told)
        raise StoreMisconfigured(
            f"{told} Version {self._version} doesn't take the query: set SYNCCTL_SHOPIFY_API_VERSION to one that is supported.",
            code=min(codes) or "query",
        )

    def _refused(self, operation: Operation, answer: HttpAnswer) -> NoReturn:
        status = answer.status
        said = f"HTTP {status}{self._said(answer)}"
        told = f"{self._store} refused {operation.name} ({said})."
        if status == 429:
            wait = self._retry_after(answer)
            raise Throttled(f"{self._store} asks for rest ({said}).", retry_after=2.0 if wait is None else wait, cost=None)
        if status in (401, 403):
            raise StoreMisconfigured(
                f"{told} Check SYNCCTL_SHOPIFY_TOKEN: the Admin API access token of an app that is installed there.", code=status
            )
        if status == 402:
            raise StoreMisconfigured(f"{told} The store is frozen for want of payment.", code=status)
        if status == 404 or 300 <= status < 400:
            raise StoreMisconfigured(
                f"{told} There is no such store, or no version {self._version}: check SYNCCTL_SHOPIFY_URL "
                "(….myshopify.com, not the shop's own domain) and SYNCCTL_SHOPIFY_API_VERSION.",
                code=status,
            )
        if status in (408, 423, 425, 430) or status >= 500:
            raise StoreUnavailable(
                f"{self._store} can't answer {operation.name} now ({said}).", code=status, retry_after=self._retry_after(answer)
            )
        raise StoreMisconfigured(f"{told} No request like it will pass: look for a proxy that changes requests.", code=status)

    def _said(self, answer: HttpAnswer) -> str:
        try:
            body = read_json(answer.body).value
        except NoJson:
            return ""
        errors = body.get("errors") if isinstance(body, dict) else None
        return "" if not errors else ": " + "; ".join(fault.message for fault in self._faults(errors)[:_MOST_SAID])

    def _json(self, operation: Operation, answer: HttpAnswer) -> dict[str, Any]:
        try:
            value = read_json(answer.body, exact=True).value
        except NoJson as error:
            raise StoreUnavailable(
                f"{self._store} answered {operation.name} with no JSON ({error.kind}). A proxy's or maintenance page?",
                code="not_json",
            ) from None
        if not isinstance(value, dict):
            raise StoreUnavailable(f"{self._store} answered {operation.name} with no object.", code="not_json")
        return value

    def _note_version(self, headers: Mapping[str, str]) -> None:
        served = headers.get("X-Shopify-API-Version", "").strip()
        if served and served != self._version:
            self._warn(
                f"Shopify answers by version {self._plain(served, 20)} of its API, not by {self._version}, which it supports no "
                "more (SYNCCTL_SHOPIFY_API_VERSION)"
            )
        if reason := headers.get("X-Shopify-API-Deprecated-Reason", "").strip():
            self._warn(f"Shopify says that something which is asked for will be taken out of its API: {self._plain(reason)}")

    def _warn(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings[text] = None
            log.warning("%s: %s.", self._store, text)

    def _retry_after(self, answer: HttpAnswer) -> float | None:
        """Read the Retry-After header: seconds, with or without a decimal point, or a date."""
        text = answer.headers.get("Retry-After", "").strip()
        try:
            return min(max(0.0, float(text)), _LONGEST_REST)
        except ValueError:
            pass
        moment = header_moment(text)
        if moment is None:
            return None
        now = date_of(answer.headers) or self._clock()
        return min(max(0.0, (moment - now).total_seconds()), _LONGEST_REST)
