"""What a document really is: its bytes tell, not what the carrier calls it.

PDF, PNG, JPEG, GIF and TIFF must be whole. An HTML page is a proof where it reads like one and not like an error: some carriers
send their letter so. It is kept as it came; nothing that it names elsewhere is ever fetched.
"""

from __future__ import annotations

import html
import re
import struct
from dataclasses import dataclass

from syncctl.carriers.classify import by_text, html_title, plain

SMALLEST = 64
"""Bytes. Nothing shorter can be a page; a picture of a signature may be a little shorter still."""
_SMALLEST_GIF = 26
_MOST_PAGES = 10_000
_MOST_READ, _MOST_SHOWN = 4_000_000, 200_000
"""Bytes of an HTML page that are looked at, and characters of what is left without the pictures that it embeds."""

_PROOF = re.compile(
    r"proof of delivery|delivery (notification|receipt|confirmation|note)|deliver(ed|y) (on|to|at|date|time)"
    r"|received by|signed (by|for)"
    r"|preuve de (livraison|distribution)|avis de livraison|(livre|distribue|remis) (le|a|au)\b|signataire|recu par"
    r"|zustellnachweis|ablieferbeleg|zugestellt (am|an)|empfangen von|unterschrift|zustelldatum"
    r"|prueba de entrega|entregado (el|a)|recibido por|prova di consegna|consegnato (il|a)|ricevuto da"
    r"|bewijs van (levering|aflevering)|afgeleverd (op|aan)|ontvangen door|potwierdzenie (dostawy|odbioru)"
    r"|comprovativo de entrega"
)
"""What a letter of delivery says, in the languages of those who send one, as `classify.plain` makes them."""
_NONE = re.compile(
    r"session .{0,20}expired|captcha|enable (javascript|cookies)|access denied|page not found|service unavailable"
    r"|internal server error|bad gateway|acceso denegado|\b(no|without a|aucune|kein(en)?) (proof of|preuve de|zustellnachweis)"
    r"|(proof of delivery|pod|document|preuve de livraison) .{0,30}"
    r"(not (yet )?(been )?(available|found)|indisponible|introuvable)"
)
_ERROR_TITLE = re.compile(r"\b(error|erreur|fehler|denied|sign in|log ?in|expired|not found|unavailable|moved|redirect)")
_EMBEDDED = re.compile(r"data:[\w/+.;=-]{1,60},[A-Za-z0-9+/=\s%]*")
_UNSEEN = re.compile(r"<(?:script|style)\b|<!--", re.IGNORECASE)
_SEEN = re.compile(r"</(?:script|style)\b|-->", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of document that is accepted. `pages` is told where the form says it cheaply (TIFF, GIF: pictures)."""

    content_type: str
    extension: str
    pages: int | None = None


_PDF = Form("application/pdf", "pdf")
_HTML = Form("text/html", "html")


def sniff(content: bytes) -> Form | None:
    """Return what kind of document this is, or None where it is none that is accepted: an error page, a text, half a file."""
    if content.startswith((b"GIF87a", b"GIF89a")) and len(content) >= _SMALLEST_GIF:
        return Form("image/gif", "gif") if content.rstrip(b"\0").endswith(b";") else None
    if len(content) < SMALLEST:
        return None
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Form("image/png", "png") if b"IEND" in content[-64:] else None
    if content.startswith(b"\xff\xd8\xff"):
        return Form("image/jpeg", "jpg") if b"\xff\xd9" in content[-4096:] else None
    if content.startswith((b"II*\0", b"MM\0*")):
        pages = _tiff_pages(content)
        return Form("image/tiff", "tif", pages) if pages else None
    # A PDF's header may stand after a few stray bytes; its end mark may be followed by some.
    if b"%PDF-" in content[:1024]:
        return _PDF if b"%%EOF" in content[-2048:] else None
    return _HTML if _is_letter(content) else None


def refusal(content: bytes, declared: str) -> str:
    """Say what a document that is none looks like, for the message."""
    called = f", called {declared}" if declared else ""
    size = f"{len(content):,} bytes"
    if not content:
        return f"an empty document{called}"
    if html_title(content) is not None or b"<html" in content[:512].lower():
        return f"an HTML page of {size}{called}"
    if b"%PDF-" in content[:1024]:
        return f"a PDF without its end, {size}{called}"
    for name, begins in (
        ("PNG", b"\x89PNG"),
        ("JPEG", b"\xff\xd8\xff"),
        ("GIF", b"GIF8"),
        ("TIFF", b"II*\0"),
        ("TIFF", b"MM\0*"),
    ):
        if content.startswith(begins):
            return f"half a {name}, {size}{called}"
    if content.lstrip()[:1] in (b"{", b"[", b"<"):
        return f"a message where the document should be, {size}{called}"
    return f"{size} that are no PDF, PNG, JPEG, GIF, TIFF or HTML letter{called}"


def _tiff_pages(content: bytes) -> int | None:
    """Return a TIFF's pages: its directories, one after the other. None where one of them, or a picture, lies beyond the end."""
    order = "<" if content.startswith(b"II") else ">"
    (at,) = struct.unpack_from(order + "I", content, 4)
    seen: set[int] = set()
    while at:
        if at in seen or len(seen) >= _MOST_PAGES or at + 6 > len(content):
            return None
        seen.add(at)
        (entries,) = struct.unpack_from(order + "H", content, at)
        behind = at + 2 + entries * 12
        if not entries or behind + 4 > len(content):
            return None
        (at,) = struct.unpack_from(order + "I", content, behind)
    return len(seen) or None


def _is_letter(content: bytes) -> bool:
    """Tell whether this is an HTML page that reads like a proof of delivery, and not like somebody's error."""
    if html_title(content) is None:
        return False
    source = content[:_MOST_READ].decode("utf-8", errors="replace")
    source = _EMBEDDED.sub("", source)[:_MOST_SHOWN]
    if re.search(r"type\s?=\s?[\"']?password", source, re.IGNORECASE):
        return False
    title, words = plain(html_title(content) or ""), plain(html.unescape(_TAG.sub(" ", _seen(source))))
    said = by_text(words)
    if said and said[0] != "temporary":  # "maintenance" and the like may stand in the letter of a parcel left with them
        return False
    return bool(_PROOF.search(words)) and not _NONE.search(words) and not _ERROR_TITLE.search(title)


def _seen(source: str) -> str:
    """Return a page without its scripts, styles and comments."""
    first, *others = _UNSEEN.split(source)
    behind = ((piece, _SEEN.search(piece)) for piece in others)
    return " ".join([first, *(piece[end.end() :] for piece, end in behind if end)])
