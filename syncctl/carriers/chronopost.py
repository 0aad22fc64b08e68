"""Chronopost, by its SOAP service `TrackingServiceWS` (https://ws.chronopost.fr/tracking-cxf/TrackingServiceWS?wsdl).

`searchPOD(accountNumber, password, language, skybillNumber, pdf)` answers `errorCode`, `errorMessage`, `formatPOD`, `pod`
(base64), `podPresente` and `statusCode`. Where there is no document, `trackSkybillV2` tells whether the parcel was delivered
at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from syncctl.carriers.base import Claim, Document, Outcome, delivered, not_yet, temporary
from syncctl.carriers.classify import error_outcome, plain
from syncctl.carriers.http import CarrierHttp, Reply
from syncctl.carriers.limits import Limits
from syncctl.carriers.reading import every, first, from_base64
from syncctl.clock import Clock, system_clock
from syncctl.secret import Secret

NAMESPACE = "http://cxf.tracking.soap.chronopost.fr/"
_DELIVERED = ("distribue", "livre", "delivered")
_NOT_DELIVERED = ("non ", "pas ", "not ", "impossible", "instance")


class Chronopost:
    """Asks for the POD document, then, where there is none, for the parcel's events."""

    name: ClassVar[str] = "chronopost"
    label: ClassVar[str] = "Chronopost"
    verified: ClassVar[bool] = False
    unverified: ClassVar[str] = (
        "Written from the public WSDL; no document was fetched from Chronopost itself. The numbers of its errors are not "
        "published: "
        "errors are told by their French and English texts. 100 calls a day is the limit the shops report, not a published one."
    )

    def __init__(
        self,
        *,
        account: str,
        password: Secret,
        base_url: str = "https://ws.chronopost.fr",
        limits: Limits | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._account = account
        self._password = password
        self._url = f"{base_url}/tracking-cxf/TrackingServiceWS"
        self._clock = clock
        self.limits = limits or Limits(per_day=100, zone=ZoneInfo("Europe/Paris"))

    @property
    def secrets(self) -> Sequence[str]:
        """See `Carrier.secrets`."""
        return (self._password.reveal(),)

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """See `Carrier.fetch`."""
        reply = self._call(
            http,
            "searchPOD",
            accountNumber=self._account,
            password=self._password.reveal(),
            language="fr_FR",
            skybillNumber=claim.tracking_number,
            pdf="true",
        )
        root = reply.xml()
        failed = self._failed(reply, root)
        if failed or root is None:
            return failed or error_outcome(reply, self._clock())
        content = from_base64(first(root, "pod"))
        if content:
            return delivered(Document(content=content, declared_type=_type(first(root, "formatPOD"))))
        return self._why_not(claim, http)

    def _why_not(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """No document: tell a parcel on its way from one whose document isn't there yet."""
        reply = self._call(http, "trackSkybillV2", language="fr_FR", skybillNumber=claim.tracking_number)
        root = reply.xml()
        failed = self._failed(reply, root)
        if failed or root is None:
            return failed or error_outcome(reply, self._clock())
        at = delivery(root)
        if at is None:
            return not_yet("Chronopost has not delivered the parcel yet.")
        return temporary("pod_not_ready", f"Chronopost delivered the parcel ({at}) but has no document for it yet.")

    def _failed(self, reply: Reply, root: Element | None) -> Outcome | None:
        """Return the outcome of an answer that says no; None for one that may hold something."""
        if root is None:
            return error_outcome(reply, self._clock())
        fault = first(root, "faultstring") or first(root, "Text")
        if fault or not reply.ok:
            return error_outcome(reply, self._clock(), text=fault or None)
        code = first(root, "errorCode")
        if code != "0":
            return error_outcome(
                reply, self._clock(), code=f"chronopost_{code}" if code else None, text=first(root, "errorMessage") or None
            )
        return None

    def _call(self, http: CarrierHttp, operation: str, **arguments: str) -> Reply:
        fields = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in arguments.items())
        envelope = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:cxf="{NAMESPACE}">'
            f"<soapenv:Body><cxf:{operation}>{fields}</cxf:{operation}></soapenv:Body></soapenv:Envelope>"
        )
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        return http.post(self._url, data=envelope.encode("utf-8"), headers=headers)


def delivery(root: Element) -> str | None:
    """Return when the parcel was delivered, as Chronopost wrote it, or None."""
    for event in every(root, "events"):
        words = plain(first(event, "eventLabel"))
        if any(word in words for word in _DELIVERED) and not any(word in words for word in _NOT_DELIVERED):
            return first(event, "eventDate") or "no date"
    return None


def _type(declared: str) -> str:
    return {"PDF": "application/pdf", "PNG": "image/png", "JPG": "image/jpeg", "JPEG": "image/jpeg"}.get(
        declared.upper(), declared
    )
