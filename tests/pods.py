"""Documents and answers of carriers for the tests of proof of delivery."""

from __future__ import annotations

import base64
from collections.abc import Callable

from syncctl.carriers.base import Carrier, Claim
from syncctl.carriers.catalog import open_catalog
from syncctl.carriers.http import CarrierHttp
from syncctl.clock import Clock, system_clock
from syncctl.http_answer import HttpSession
from syncctl.secret import Secret
from syncctl.settings import Settings

PDF = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    + b"% "
    + b"x" * 80
    + b"\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 60 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 80 + b"\xff\xd9"
GIF = b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + b"\x00" * 40 + b";"
LETTER = (
    b"<!DOCTYPE html><html><head><title>UPS Tracking</title></head><body><h1>Proof of Delivery</h1><p>Dear Customer, "
    b"tracking number 1Z999AA10123456784. Delivered On: 01/16/2024 11:30 A.M. Received By: MARTIN. Left At: Maintenance</p>"
    b"<img src='data:image/gif;base64,R0lGODlhAQABAIAAAA=='></body></html>"
)
HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body>Your session has expired, please sign in.</body></html>"


def packed(content: bytes) -> str:
    """Base64, as JSON and SOAP carry a document."""
    return base64.b64encode(content).decode("ascii")


def a_claim(tracking_number: str = "XN081879383FR", reference: str = "CLM-2024-001") -> Claim:
    return Claim(claim_id=1, reference=reference, tracking_number=tracking_number)


SETTINGS: dict[str, dict[str, object]] = {
    "chronopost": {"account": "19869502", "password": Secret("s3cret")},
    "laposte": {"api_key": Secret("s3cret")},
    "dhl_express": {"username": "shop", "password": Secret("s3cret"), "account": "706014493"},
    "fedex": {"api_key": "fedex-key-77", "secret": Secret("s3cret"), "account": "123"},
    "ups": {"client_id": "ups-client-77", "client_secret": Secret("s3cret")},
    "dpd": {"enabled": True},
    "gls": {"username": "shop", "password": Secret("s3cret")},
    "gls_group": {"client_id": "gls-client-77", "client_secret": Secret("s3cret")},
}
"""What each carrier that ships wants set."""


def shipped(name: str, *, clock: Clock = system_clock, **changed: object) -> Carrier:
    """A carrier that ships, as a run makes it."""
    held = {f"pod_{name}_{key}": value for key, value in {**SETTINGS[name], **changed}.items()}
    return open_catalog(Settings(**held), clock=clock).carriers[name]


def http(reserve: Callable[[], None] = lambda: None, **more: object) -> CarrierHttp:
    """Calls through the real session; `responses` or a loopback server answers."""
    return CarrierHttp(HttpSession(), reserve=reserve, **more)
