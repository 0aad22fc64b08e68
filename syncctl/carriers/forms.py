"""What a document really is: its first bytes tell, not what the carrier calls it."""

from __future__ import annotations

from dataclasses import dataclass

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
)
SMALLEST = 64
"""Bytes. Nothing shorter can be a page or a picture."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of document that is accepted."""

    content_type: str
    extension: str


def sniff(content: bytes) -> Form | None:
    """Return what kind of document this is, or None where it is none that is accepted: an HTML page, a text, half a file."""
    if len(content) < SMALLEST:
        return None
    for signature, content_type, extension in _SIGNATURES:
        if content.startswith(signature):
            return Form(content_type, extension) if _whole(content, extension) else None
    # A PDF's header may stand after a few stray bytes; its end mark may be followed by some.
    if b"%PDF-" in content[:1024]:
        return Form("application/pdf", "pdf") if b"%%EOF" in content[-2048:] else None
    return None


def refusal(content: bytes, declared: str) -> str:
    """Say what a document that is none looks like, for the message."""
    beginning = content[:512].lstrip().lower()
    called = f", called {declared}" if declared else ""
    if beginning.startswith((b"<!doctype html", b"<html")) or b"<html" in beginning:
        return f"an HTML page of {len(content):,} bytes{called}"
    if b"%PDF-" in content[:1024]:
        return f"a PDF without its end, {len(content):,} bytes{called}"
    return f"{len(content):,} bytes that are no PDF, PNG or JPEG{called}"


def _whole(content: bytes, extension: str) -> bool:
    """Tell whether a picture ends as it must."""
    return b"IEND" in content[-64:] if extension == "png" else b"\xff\xd9" in content[-4096:]
