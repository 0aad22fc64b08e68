"""What is a document and what is somebody's error, told by the bytes."""

from __future__ import annotations

import struct

import pytest

from syncctl.carriers.forms import refusal, sniff
from syncctl.carriers.reading import from_base64
from syncctl.demo.carriers import EXPIRED, FIREWALL, HTML as SIGN_IN
from tests.pods import GIF, HTML, JPEG, LETTER, PDF, PNG, packed


def tiff(pages: int, order: str = "<", *, end: int = 0) -> bytes:
    """A TIFF of so many pages, each with one entry. With `end` the last points there."""
    made = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    for page in range(pages):
        following = len(made) + 18 if page < pages - 1 else end
        made += struct.pack(order + "HHHIII", 1, 256, 3, 1, 1, following)
    return made + b"\0" * 64


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (PDF, "pdf"),
        (b"\r\n" + PDF + b"\r\n", "pdf"),
        (PNG, "png"),
        (JPEG, "jpg"),
        (GIF, "gif"),
        (GIF.replace(b"89a", b"87a"), "gif"),
        (tiff(1), "tif"),
        (tiff(3, ">"), "tif"),
        (LETTER, "html"),
        (b"\n  " + LETTER, "html"),
        ("<html><body>Ablieferbeleg. Zugestellt am 16.01.2024, empfangen von Müller</body></html>".encode(), "html"),
        ("<html><title>Suivi</title><body>Preuve de livraison : remis le 16/01/2024 à M. Dupont</body></html>".encode(), "html"),
    ],
)
def test_what_is_a_document(content, extension):
    form = sniff(content)
    assert form and form.extension == extension


def test_a_tiff_has_its_pages():
    form = sniff(tiff(4))
    assert form and form.pages == 4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x" * 200,
        PDF[:-20],
        PNG[:-30],
        JPEG[:40],
        GIF[:-1],
        tiff(2)[:30],
        tiff(1, end=10**6),
        tiff(2, end=8),  # a page that is its own next
        HTML,
        SIGN_IN,
        FIREWALL,
        EXPIRED,
        b'{"error": "not found"}' + b" " * 64,
        b"<html><body>" + b" " * 100 + b"</body></html>",
        b"<html><title>Error</title><body>The proof of delivery for this parcel</body></html>",
        b"<html><body>Proof of delivery is not available yet for this parcel</body></html>",
        b"<html><body>There is no proof of delivery for this number.</body></html>",
        b"<html><body>Delivered to you. Sign in to see it: <input type='password' name=p></body></html>",
        b"<html><script>var x='proof of delivery'</script><body>Please enable JavaScript</body></html>",
        b"<html><body>Proof of Delivery: invalid tracking number</body></html>",
        b"<html><body>Your parcel is in transit. Delivered on: </body></html>",
    ],
)
def test_what_is_none(content):
    assert sniff(content) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "an empty document"),
        (SIGN_IN, "an HTML page"),
        (PDF[:-20], "a PDF without its end"),
        (PNG[:-30], "half a PNG"),
        (GIF[:-1], "half a GIF"),
        (tiff(2)[:30], "half a TIFF"),
        (b'{"error": 1}', "a message where the document should be"),
        (b"\0" * 500, "no PDF, PNG, JPEG, GIF, TIFF or HTML letter"),
    ],
)
def test_what_came_instead_is_said(content, says):
    assert says in refusal(content, "application/pdf") and "called application/pdf" in refusal(content, "application/pdf")


def test_base64_of_every_spelling_is_the_same_document():
    content = bytes(range(256)) * 3
    safe = packed(content).replace("+", "-").replace("/", "_")
    lines = "\r\n".join(packed(content)[at : at + 76] for at in range(0, len(packed(content)), 76))
    for each in (packed(content), safe, safe.rstrip("="), lines, f"data:image/gif;base64,{packed(content)}", list(content)):
        assert from_base64(each) == content


def test_a_letter_of_megabytes_is_looked_at_in_no_time():
    assert sniff(LETTER.replace(b"R0lGOD", b"R0lGOD" * 2_000_000)) is not None
    assert sniff(b"<html>" + b"<" * 3_000_000) is None
    assert sniff(b"<html><script>" * 200_000) is None
