"""FedEx, by the Track API v1 (https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html).

`POST /track/v1/trackingdocuments` with `SIGNATURE_PROOF_OF_DELIVERY` answers the letter as base64 (PDF or PNG); errors are
`errors[] {code, message}`, in a 200 too. The token is OAuth client credentials from `POST /oauth/token`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from syncctl.carriers.base import Claim, Document, Outcome, delivered, temporary
from syncctl.carriers.classify import INVALID_CREDENTIALS, INVALID_TRACKING, Codes, error_outcome
from syncctl.carriers.http import CarrierHttp, Reply
from syncctl.carriers.limits import Limits
from syncctl.carriers.oauth import TokenRefused, Tokens
from syncctl.carriers.reading import from_base64, items_at, pick, text_at
from syncctl.clock import Clock, system_clock
from syncctl.secret import Secret

_CODES: Codes = {
    "TRACKING.TRACKINGNUMBER.INVALID": ("persistent", INVALID_TRACKING),
    "TRACKING.TRACKINGNUMBER.EMPTY": ("persistent", INVALID_TRACKING),
    "TRACKING.REFRENCEVALUE.INVALID": ("persistent", INVALID_TRACKING),
    # FedEx says of these "right now … or try again later": new labels are not found either.
    "*.NOTFOUND": ("temporary", "not_found"),
    "NOT.AUTHORIZED.ERROR": ("persistent", INVALID_CREDENTIALS),
    "FORBIDDEN.ERROR": ("persistent", INVALID_CREDENTIALS),
    "LOGIN.REAUTHENTICATE.ERROR": ("temporary", "token"),
    "INTERNAL.SERVER.ERROR": ("temporary", "unavailable"),
    "SERVICE.UNAVAILABLE.ERROR": ("temporary", "unavailable"),
    "*.UNAVAILABLE": ("temporary", "unavailable"),
}


class FedEx:
    """Asks for the signature proof of delivery."""

    name: ClassVar[str] = "fedex"
    label: ClassVar[str] = "FedEx"
    verified: ClassVar[bool] = False
    unverified: ClassVar[str] = (
        "Written from the public documentation of the Track API v1; no document was fetched from FedEx itself. What it "
        "answers for a "
        "parcel on its way is not documented: it is told by the text."
    )

    def __init__(
        self,
        *,
        api_key: str,
        secret: Secret,
        account: str = "",
        base_url: str = "https://apis.fedex.com",
        limits: Limits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._key, self._secret, self._account = api_key, secret, account
        self._base = base_url
        self._clock = clock
        self._tokens = Tokens(clock, self._ask_token)
        self.limits = limits or Limits(per_second=5, per_day=1000)

    @property
    def secrets(self) -> Sequence[str]:
        """See `Carrier.secrets`."""
        return (self._key, self._secret.reveal(), *self._tokens.obtained)

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """See `Carrier.fetch`."""
        try:
            headers = {**self._tokens.headers(http), "X-locale": "en_US"}
        except TokenRefused as refused:
            return refused.outcome
        wanted: dict[str, object] = {"trackingNumberInfo": {"trackingNumber": claim.tracking_number}}
        if self._account:
            wanted["accountNumber"] = self._account
        reply = http.post(
            f"{self._base}/track/v1/trackingdocuments",
            headers=headers,
            json={
                "trackDocumentDetail": {"documentType": "SIGNATURE_PROOF_OF_DELIVERY", "documentFormat": "PDF"},
                "trackDocumentSpecification": [wanted],
            },
        )
        said = reply.json()
        code = text_at(said, "errors", 0, "code")
        if code or not reply.ok:
            if reply.status == 401:
                self._tokens.forget()
            text = text_at(said, "errors", 0, "message")
            return error_outcome(reply, self._clock(), codes=_CODES, code=code or None, text=text or None)
        output = pick(said, "output")
        for packed in (*items_at(output, "documents"), *items_at(output, "document")):
            content = from_base64(packed)
            if content:
                return delivered(Document(content=content, declared_type=_type(text_at(output, "documentFormat"))))
        return temporary("pod_not_ready", "FedEx answered without a document.")

    def check(self, http: CarrierHttp) -> Outcome | None:
        """See `Checkable.check`: the token's address names no parcel."""
        return self._tokens.check(http)

    def _ask_token(self, http: CarrierHttp) -> Reply:
        form = {"grant_type": "client_credentials", "client_id": self._key, "client_secret": self._secret.reveal()}
        return http.post(f"{self._base}/oauth/token", data=form)


def _type(form: str) -> str:
    return {"PDF": "application/pdf", "PNG": "image/png"}.get(form.upper(), form)
