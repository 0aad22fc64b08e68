"""Documents and answers of carriers for the tests of proof of delivery."""

from __future__ import annotations

import base64
from collections.abc import Callable

from syncctl.carriers.base import Claim
from syncctl.carriers.http import CarrierHttp
from syncctl.http_answer import HttpSession

PDF = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    + b"% "
    + b"x" * 80
    + b"\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
)
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00" * 60 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\x00" * 80 + b"\xff\xd9"
HTML = b"<!DOCTYPE html><html><head><title>Error</title></head><body>Your session has expired, please sign in.</body></html>"


def packed(content: bytes) -> str:
    """Base64, as JSON and SOAP carry a document."""
    return base64.b64encode(content).decode("ascii")


def a_claim(tracking_number: str = "XN081879383FR", reference: str = "CLM-2024-001") -> Claim:
    return Claim(claim_id=1, reference=reference, tracking_number=tracking_number)


def http(reserve: Callable[[], None] = lambda: None, **more: object) -> CarrierHttp:
    """Calls through the real session; `responses` or a loopback server answers."""
    return CarrierHttp(HttpSession(), reserve=reserve, **more)
