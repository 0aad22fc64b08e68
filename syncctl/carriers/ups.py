"""UPS, by the Track API v1 (https://developer.ups.com/api/reference?loc=en_US, `GET /api/track/v1/details/{number}`).

With `returnSignature=true&returnPOD=true` a delivered package's `deliveryInformation` holds `pod.content` and
`signature.image`, both base64, and `receivedBy`. The token is OAuth client credentials from `POST /security/v1/oauth/token`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from syncctl.carriers.base import Claim, Document, Outcome, delivered, not_yet, temporary
from syncctl.carriers.classify import INVALID_CREDENTIALS, INVALID_TRACKING, Codes, error_outcome
from syncctl.carriers.forms import sniff
from syncctl.carriers.http import CarrierHttp, Reply
from syncctl.carriers.limits import Limits
from syncctl.carriers.oauth import TokenRefused, Tokens
from syncctl.carriers.reading import from_base64, items_at, moment, pick, text_at
from syncctl.clock import Clock, system_clock
from syncctl.secret import Secret

_CODES: Codes = {
    "TW0001": ("persistent", INVALID_TRACKING),  # tracking information not found
    "TV1002": ("persistent", INVALID_TRACKING),
    "151018": ("persistent", INVALID_TRACKING),  # invalid tracking number
    "250002": ("persistent", INVALID_CREDENTIALS),
    "250003": ("persistent", INVALID_CREDENTIALS),
    "10429": ("throttled", "rate_limit"),
}


class Ups:
    """Asks for the package's details, proof of delivery included."""

    name: ClassVar[str] = "ups"
    label: ClassVar[str] = "UPS"
    verified: ClassVar[bool] = False
    unverified: ClassVar[str] = (
        "Written from the public reference of the Track API; no document was fetched from UPS itself. The reference does not "
        "say in which "
        "format `pod.content` comes: it is taken where it is PDF, PNG or JPEG, else the signature's image."
    )

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: Secret,
        base_url: str = "https://onlinetools.ups.com",
        limits: Limits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._id, self._secret = client_id, client_secret
        self._base = base_url
        self._clock = clock
        self._tokens = Tokens(clock, self._ask_token)
        self.limits = limits or Limits(per_second=2, per_day=500)

    @property
    def secrets(self) -> Sequence[str]:
        """See `Carrier.secrets`."""
        return (self._id, self._secret.reveal(), *self._tokens.obtained)

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """See `Carrier.fetch`."""
        try:
            headers = {**self._tokens.headers(http), "transId": uuid.uuid4().hex, "transactionSrc": "syncctl"}
        except TokenRefused as refused:
            return refused.outcome
        reply = http.get(
            f"{self._base}/api/track/v1/details/{quote(claim.tracking_number, safe='')}",
            params={"locale": "en_US", "returnSignature": "true", "returnMilestones": "false", "returnPOD": "true"},
            headers=headers,
        )
        said = reply.json()
        shipment = pick(said, "trackResponse", "shipment", 0)
        code = text_at(said, "response", "errors", 0, "code") or text_at(shipment, "warnings", 0, "code")
        if not reply.ok or code or shipment is None:
            if reply.status == 401:
                self._tokens.forget()
            text = text_at(said, "response", "errors", 0, "message") or text_at(shipment, "warnings", 0, "message")
            return error_outcome(reply, self._clock(), codes=_CODES, code=code or None, text=text or None)
        return _package(pick(shipment, "package", 0))

    def check(self, http: CarrierHttp) -> Outcome | None:
        """See `Checkable.check`: the token's address names no parcel."""
        return self._tokens.check(http)

    def _ask_token(self, http: CarrierHttp) -> Reply:
        return http.post(
            f"{self._base}/security/v1/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(self._id, self._secret.reveal()),
        )


def _package(package: Any) -> Outcome:
    """Return what a package's details come to."""
    information = pick(package, "deliveryInformation")
    found = [from_base64(pick(information, *path)) for path in (("pod", "content"), ("signature", "image"))]
    held = [content for content in found if content]
    if held:
        content = next((content for content in held if sniff(content)), held[0])
        return delivered(
            Document(
                content=content,
                signed_by=text_at(information, "receivedBy") or None,
                delivered_at=moment(text_at(package, "deliveryDate", 0, "date") + text_at(package, "deliveryTime", "endTime"))
                or moment(text_at(package, "deliveryDate", 0, "date")),
            )
        )
    if any(text_at(activity, "status", "type") == "D" for activity in items_at(package, "activity")):
        return temporary("pod_not_ready", "UPS delivered the parcel but has no document for it yet.")
    return not_yet("UPS has not delivered the parcel yet.")
