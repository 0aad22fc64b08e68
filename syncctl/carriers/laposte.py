"""La Poste and Colissimo, by the Suivi API v2 (https://developer.laposte.fr/products/suivi/2).

`GET /suivi/v2/idships/{number}?lang=fr_FR` with `X-Okapi-Key`; 100 calls a minute. It tells the parcel's events and gives no
document: a delivered parcel ends as a persistent `no_document` that says where to get it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from syncctl.carriers.base import Claim, Outcome, not_yet, persistent
from syncctl.carriers.classify import INVALID_CREDENTIALS, INVALID_TRACKING, NO_DOCUMENT, Codes, error_outcome
from syncctl.carriers.http import CarrierHttp
from syncctl.carriers.limits import Limits
from syncctl.carriers.reading import items_at, pick, text_at
from syncctl.clock import Clock, system_clock
from syncctl.secret import Secret

_CODES: Codes = {
    "400": ("persistent", INVALID_TRACKING),
    "401": ("persistent", INVALID_CREDENTIALS),
    "404": ("persistent", INVALID_TRACKING),
    "429": ("throttled", "rate_limit"),
    "500": ("temporary", "unavailable"),
    "504": ("temporary", "timeout"),
}
_DELIVERED = ("DI1",)
"""DI1: delivered to the addressee. DI2 is delivered back to the sender, which proves nothing."""


class LaPoste:
    """Asks for the parcel's events."""

    name: ClassVar[str] = "laposte"
    label: ClassVar[str] = "La Poste / Colissimo"
    verified: ClassVar[bool] = False
    unverified: ClassVar[str] = (
        "Written from the public documentation of the Suivi API v2, which has no document: a delivered parcel ends as "
        "`no_document`. "
        "The calls were not made against La Poste itself."
    )

    def __init__(
        self,
        *,
        api_key: Secret,
        base_url: str = "https://api.laposte.fr",
        limits: Limits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._key = api_key
        self._base = base_url
        self._clock = clock
        self.limits = limits or Limits(per_minute=100, zone=ZoneInfo("Europe/Paris"))

    @property
    def secrets(self) -> Sequence[str]:
        """See `Carrier.secrets`."""
        return (self._key.reveal(),)

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """See `Carrier.fetch`."""
        reply = http.get(
            f"{self._base}/suivi/v2/idships/{quote(claim.tracking_number, safe='')}",
            params={"lang": "fr_FR"},
            headers={"X-Okapi-Key": self._key.reveal(), "Accept": "application/json"},
        )
        said = reply.json()
        code = text_at(said, "returnCode") or (str(reply.status) if not reply.ok else "")
        shipment = pick(said, "shipment")
        if not reply.ok or code not in ("", "200") or not isinstance(shipment, dict):
            text = text_at(said, "returnMessage") or text_at(said, "message")
            return error_outcome(reply, self._clock(), codes=_CODES, code=code or None, text=text or None)
        for event in items_at(shipment, "event"):
            if text_at(event, "code").upper() in _DELIVERED:
                return persistent(
                    NO_DOCUMENT,
                    f"La Poste delivered the parcel on {text_at(event, 'date') or 'a day it does not tell'}, but its API "
                    f"gives no document. "
                    "Ask for it in the business account, and put its address into pod_url.",
                )
        latest = text_at(shipment, "event", 0, "label")
        return not_yet(f"La Poste has not delivered the parcel yet. {latest}".strip())
