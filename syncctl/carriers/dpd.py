"""DPD, by the public tracking service (`GET https://tracking.dpd.de/rest/plc/{language}/{number}`).

`parcellifecycleResponse.parcelLifeCycleData` holds `statusInfo[]` (`status`, `statusHasBeenReached`),
`shipmentInfo.documents[]` and `scanInfo.scan[]` whose `links[]` have the proof of delivery's address where DPD offers one. It
needs no key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from syncctl.carriers.base import Claim, Document, Outcome, delivered, not_yet, persistent
from syncctl.carriers.classify import INVALID_TRACKING, NO_DOCUMENT, error_outcome, link_outcome
from syncctl.carriers.http import CarrierHttp
from syncctl.carriers.limits import Limits
from syncctl.carriers.reading import items_at, moment, pick, text_at
from syncctl.clock import Clock, system_clock


class Dpd:
    """Asks for the parcel's life cycle, then for the document it links to."""

    name: ClassVar[str] = "dpd"
    label: ClassVar[str] = "DPD"
    verified: ClassVar[bool] = False
    unverified: ClassVar[str] = (
        "The service is public but not documented by DPD; its answers were taken from published examples. No document was "
        "fetched from DPD "
        "itself, and no limit is published: one call a second is courtesy. DPD companies outside its network answer elsewhere."
    )

    def __init__(
        self,
        *,
        base_url: str = "https://tracking.dpd.de",
        language: str = "en_US",
        limits: Limits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._base = base_url
        self._language = language
        self._clock = clock
        self.limits = limits or Limits(per_second=1, per_day=1000, zone=ZoneInfo("Europe/Berlin"))

    @property
    def secrets(self) -> Sequence[str]:
        """See `Carrier.secrets`: none, the service is public."""
        return ()

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """See `Carrier.fetch`."""
        url = f"{self._base}/rest/plc/{self._language}/{quote(claim.tracking_number, safe='')}"
        reply = http.get(url, headers={"Accept": "application/json"})
        said = reply.json()
        if not reply.ok or not isinstance(pick(said, "parcellifecycleResponse"), dict):
            return error_outcome(reply, self._clock())
        life = pick(said, "parcellifecycleResponse", "parcelLifeCycleData")
        if not isinstance(life, dict):
            return persistent(INVALID_TRACKING, "DPD does not know the parcel number.")
        reached = [status for status in items_at(life, "statusInfo") if text_at(status, "status").upper() == "DELIVERED"]
        if not any(pick(status, "statusHasBeenReached") is True for status in reached):
            return not_yet("DPD has not delivered the parcel yet.")
        link = next(_links(life), None)
        if link is None:
            return persistent(NO_DOCUMENT, "DPD delivered the parcel but offers no document in its public tracking.")
        document = http.get(link)
        if not document.ok:
            return link_outcome(document, self._clock())
        return delivered(
            Document(
                content=document.body,
                declared_type=document.content_type,
                link=link,
                delivered_at=moment(text_at(reached[0], "date")),
            )
        )


def _links(life: Any) -> Iterator[str]:
    """Give the addresses that may be the document's, the surest first."""
    for document in items_at(life, "shipmentInfo", "documents"):
        yield from filter(_is_address, (text_at(document, "url"), text_at(document, "link")))
    for scan in reversed(items_at(life, "scanInfo", "scan")):
        for link in items_at(scan, "links"):
            yield from filter(_is_address, (text_at(link, "url"), text_at(link, "href")))


def _is_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))
