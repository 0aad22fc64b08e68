"""GLS, by the MyGLS API of its eastern European companies (https://api.mygls.hu, `POST …/json/GetParcelStatuses`).

With `ReturnPOD` the answer holds the document as `POD` (a list of bytes, or base64), the events as `ParcelStatusList[]`
(`StatusCode` 05 is delivered) and the errors as `GetParcelStatusErrors[]`. The password travels as the bytes of its SHA-512.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import ClassVar
from zoneinfo import ZoneInfo

from syncctl.carriers.base import Claim, Document, Outcome, delivered, not_yet, persistent, temporary
from syncctl.carriers.classify import INVALID_TRACKING, RETURNED, Codes, error_outcome
from syncctl.carriers.http import CarrierHttp
from syncctl.carriers.limits import Limits
from syncctl.carriers.numbers import Numbers
from syncctl.carriers.reading import from_base64, items_at, moment, pick, text_at
from syncctl.clock import Clock, system_clock
from syncctl.secret import Secret

_CODES: Codes = {"gls_5": ("persistent", INVALID_TRACKING)}
"""5: access denied for this parcel, that is, another shipper's."""
_DELIVERED = {"5", "54", "55", "58"}
"""Delivered, to a parcel locker, to a shop, to the neighbour."""
_RETURNED = {"23", "40"}


class Gls:
    """Asks for the parcel's statuses, the document included."""

    name: ClassVar[str] = "gls"
    label: ClassVar[str] = "GLS"
    verified: ClassVar[bool] = False
    described: ClassVar[str] = ""
    documents: ClassVar[bool] = True
    numbers: ClassVar[Numbers] = Numbers(digits_only=True, longest=18)
    unverified: ClassVar[str] = (
        "Written for MyGLS (HU, CZ, SK, RO, HR, SI, RS) from its public documentation and examples; no document was fetched "
        "from GLS itself. "
        "Other GLS companies: see gls_group, which is tracking only. No limit is published."
    )

    def __init__(
        self,
        *,
        username: str,
        password: Secret,
        base_url: str = "https://api.mygls.hu",
        limits: Limits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._username, self._password = username, password
        self._base = base_url
        self._clock = clock
        self.limits = limits or Limits(per_second=1, per_day=1000, zone=ZoneInfo("Europe/Budapest"))

    @property
    def secrets(self) -> Sequence[str]:
        """See `Carrier.secrets`. The hash opens as much as the password does."""
        digest = self._digest()
        return (self._password.reveal(), digest.hex(), *(between.join(map(str, digest)) for between in (", ", ",")))

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """See `Carrier.fetch`."""
        if fault := self.numbers.fault(claim.tracking_number):
            return persistent(INVALID_TRACKING, f"GLS can't have this number: {fault}.")
        reply = http.post(
            f"{self._base}/ParcelService.svc/json/GetParcelStatuses",
            json={
                "Username": self._username,
                "Password": list(self._digest()),
                "ParcelNumber": int(claim.tracking_number),
                "ReturnPOD": True,
                "LanguageIsoCode": "EN",
            },
        )
        said = reply.json()
        code = text_at(said, "GetParcelStatusErrors", 0, "ErrorCode")
        if not reply.ok or code or not isinstance(pick(said, "ParcelStatusList"), list):
            text = text_at(said, "GetParcelStatusErrors", 0, "ErrorDescription")
            return error_outcome(reply, self._clock(), codes=_CODES, code=f"gls_{code}" if code else None, text=text or None)
        told = [(text_at(status, "StatusCode").lstrip("0"), status) for status in items_at(said, "ParcelStatusList")]
        reached = [status for code, status in told if code in _DELIVERED]
        if any(code in _RETURNED for code, _ in told):
            return persistent(RETURNED, "GLS returned the parcel to its sender.")
        content = from_base64(pick(said, "POD"))
        if content:
            when = moment(text_at(reached[0], "StatusDate")) if reached else None
            return delivered(Document(content=content, declared_type="application/pdf", delivered_at=when))
        if reached:
            return temporary("pod_not_ready", "GLS delivered the parcel but has no document for it yet.")
        return not_yet("GLS has not delivered the parcel yet.")

    def _digest(self) -> bytes:
        return hashlib.sha512(self._password.reveal().encode("utf-8")).digest()
