"""DHL Express, by MyDHL API (https://developer.dhl.com/api-reference/dhl-express-mydhl-api).

`GET /shipments/{number}/proof-of-delivery?shipperAccountNumber=&content=epod-summary` with Basic authentication answers
`documents[] {typeCode, encodingFormat, content (base64)}`. It answers 404 `No data found` both for a parcel on its way and for
one it doesn't know: `GET /shipments/{number}/tracking` tells which.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from syncctl.carriers.base import Claim, Document, Outcome, delivered, not_yet, persistent, temporary
from syncctl.carriers.classify import INVALID_TRACKING, error_outcome
from syncctl.carriers.http import CarrierHttp, Reply
from syncctl.carriers.limits import Limits
from syncctl.carriers.reading import from_base64, items_at, moment, pick, text_at
from syncctl.clock import Clock, system_clock
from syncctl.secret import Secret


class DhlExpress:
    """Asks for the electronic proof of delivery, then, where there is none, for the events."""

    name: ClassVar[str] = "dhl_express"
    label: ClassVar[str] = "DHL Express"
    verified: ClassVar[bool] = False
    unverified: ClassVar[str] = (
        "Written from the public reference of MyDHL API; no document was fetched from DHL itself. 250 calls a day and one a "
        "second "
        "are the limits of DHL's free tracking plan: set your contract's own."
    )

    def __init__(
        self,
        *,
        username: str,
        password: Secret,
        account: str,
        base_url: str = "https://express.api.dhl.com/mydhlapi",
        limits: Limits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._auth = (username, password)
        self._account = account
        self._base = base_url
        self._clock = clock
        self.limits = limits or Limits(per_second=1, per_day=250)

    @property
    def secrets(self) -> Sequence[str]:
        """See `Carrier.secrets`."""
        return (self._auth[1].reveal(),)

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """See `Carrier.fetch`."""
        query = {"shipperAccountNumber": self._account, "content": "epod-summary"}
        reply = self._get(http, claim, "proof-of-delivery", query)
        said = reply.json()
        if reply.status == 404:
            return self._why_not(claim, http)
        if not reply.ok:
            return self._error(reply, said)
        for document in items_at(said, "documents"):
            content = from_base64(text_at(document, "content"))
            if content:
                form = text_at(document, "encodingFormat").lower()
                return delivered(Document(content=content, declared_type=f"application/{form}" if form == "pdf" else form))
        return self._why_not(claim, http)

    def _why_not(self, claim: Claim, http: CarrierHttp) -> Outcome:
        reply = self._get(http, claim, "tracking", {"trackingView": "all-checkpoints"})
        said = reply.json()
        if reply.status == 404:
            return persistent(
                INVALID_TRACKING, f"DHL Express does not know the shipment: {text_at(said, 'detail') or 'no result found'}."
            )
        if not reply.ok:
            return self._error(reply, said)
        if pick(said, "shipments", 0) is None:
            return self._error(reply, said)
        for event in items_at(said, "shipments", 0, "events"):
            if text_at(event, "typeCode").upper() == "OK":
                when = moment(text_at(event, "date"))
                return temporary(
                    "pod_not_ready", f"DHL Express delivered the parcel ({when or 'no date'}) but has no document for it yet."
                )
        return not_yet("DHL Express has not delivered the parcel yet.")

    def _get(self, http: CarrierHttp, claim: Claim, what: str, query: dict[str, str]) -> Reply:
        user, password = self._auth
        url = f"{self._base}/shipments/{quote(claim.tracking_number, safe='')}/{what}"
        return http.get(url, params=query, auth=(user, password.reveal()), headers={"Accept": "application/json"})

    def _error(self, reply: Reply, said: Any) -> Outcome:
        words = " ".join(filter(None, (text_at(said, "title"), text_at(said, "detail"), text_at(said, "message"))))
        return error_outcome(reply, self._clock(), text=words or None)
