"""What an error means: codes before statuses before words, in English and French; what nobody knows is temporary."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from syncctl.carriers.classify import by_text, classify
from syncctl.carriers.forms import refusal, sniff
from syncctl.carriers.limits import Limits, retry_at
from tests.pods import HTML, JPEG, PDF, PNG

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Invalid tracking number. Please check and try again.", ("persistent", "invalid_tracking")),
        ("The tracking number you entered is not valid", ("persistent", "invalid_tracking")),
        ("Unknown parcel", ("persistent", "invalid_tracking")),
        ("Le numéro de suivi saisi est invalide", ("persistent", "invalid_tracking")),
        ("Numéro d’envoi INCONNU", ("persistent", "invalid_tracking")),
        ("Cet envoi n’existe pas", ("persistent", "invalid_tracking")),
        ("Invalid API key", ("persistent", "invalid_credentials")),
        ("Identifiants incorrects", ("persistent", "invalid_credentials")),
        ("Accès refusé", ("persistent", "invalid_credentials")),
        ("Transporteur non pris en charge", ("persistent", "carrier_not_supported")),
        ("Parcel not yet delivered", ("not_yet", "not_delivered")),
        ("Le colis n'a pas encore été livré", ("not_yet", "not_delivered")),
        ("Votre envoi est en cours d’acheminement", ("not_yet", "not_delivered")),
        ("Preuve de livraison non disponible", ("not_yet", "not_delivered")),
        ("API timeout", ("temporary", "timeout")),
        ("Délai d'attente dépassé", ("temporary", "timeout")),
        ("Service momentanément indisponible", ("temporary", "unavailable")),
        ("Rate limit exceeded for this key", ("throttled", "rate_limit")),
        ("Quota journalier dépassé : limite quotidienne atteinte", ("throttled", "rate_limit")),
        ("Trop de requêtes", ("throttled", "rate_limit")),
        ("Flux capacitor misaligned", None),
    ],
)
def test_words(text, expected):
    assert by_text(text) == expected


@pytest.mark.parametrize(
    ("code", "status", "text", "expected"),
    [
        ("E1", 503, "Invalid tracking number", ("not_yet", "mine")),
        ("e1", None, "", ("not_yet", "mine")),
        ("X.NOTFOUND", 200, "", ("persistent", "gone")),
        ("E9", 503, "Invalid tracking number", ("temporary", "http_503")),
        (None, 401, "Service unavailable", ("persistent", "invalid_credentials")),
        (None, 403, "Forbidden", ("persistent", "invalid_credentials")),
        (None, 403, "Rate limit exceeded", ("throttled", "rate_limit")),
        (None, 404, "Unknown parcel", ("persistent", "invalid_tracking")),
        (None, 404, "", ("temporary", "unknown")),
        (None, 400, "Colis inconnu", ("persistent", "invalid_tracking")),
        (None, None, "", ("temporary", "unknown")),
    ],
)
def test_codes_come_before_statuses_and_statuses_before_words(code, status, text, expected):
    codes = {"E1": ("not_yet", "mine"), "*.NOTFOUND": ("persistent", "gone")}
    assert classify(codes=codes, code=code, status=status, text=text) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "120"}, datetime(2026, 11, 20, 12, 2, tzinfo=UTC)),
        ({"Retry-After": "Fri, 20 Nov 2026 13:00:00 GMT"}, datetime(2026, 11, 20, 13, 0, tzinfo=UTC)),
        ({"X-RateLimit-Reset": "60"}, datetime(2026, 11, 20, 12, 1, tzinfo=UTC)),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 30)}, datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)),
        ({"Retry-After": "Thu, 19 Nov 2026 13:00:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "99999999"}, datetime(2026, 11, 27, 12, 0, tzinfo=UTC)),
        ({}, None),
    ],
)
def test_when_a_throttling_carrier_takes_calls_again(headers, expected):
    assert retry_at(headers, NOW) == expected


@pytest.mark.parametrize(
    ("now", "present", "following"),
    [
        # Paris goes from +02:00 to +01:00 on 25 October 2026: that day has 25 hours.
        ("2026-10-24T22:30", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("2026-10-25T22:59", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("2026-10-25T23:00", "2026-10-25T23:00", "2026-10-26T23:00"),
        # … and from +01:00 to +02:00 on 29 March 2026: 23 hours.
        ("2026-03-28T23:00", "2026-03-28T23:00", "2026-03-29T22:00"),
        ("2026-03-29T21:59", "2026-03-28T23:00", "2026-03-29T22:00"),
    ],
)
def test_a_carriers_day_follows_its_own_zone_over_daylight_saving(now, present, following):
    from zoneinfo import ZoneInfo

    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    limits = Limits(per_day=100, zone=ZoneInfo("Europe/Paris"))
    starts = limits.day_starts(moment)
    assert max(start for start in starts if start <= moment) == datetime.fromisoformat(present).replace(tzinfo=UTC)
    assert limits.next_reset(moment) == datetime.fromisoformat(following).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (PDF, "pdf"),
        (b"\r\n" + PDF, "pdf"),
        (PNG, "png"),
        (JPEG, "jpg"),
        (HTML, None),
        (b"  \n" + HTML, None),
        (PDF[:-8], None),
        (PNG[:-10], None),
        (JPEG[:-3], None),
        (b"%PDF-", None),
        (b"", None),
        (b"GIF89a" + b"\x00" * 100, None),
        (b'{"error": "not found"}' + b" " * 80, None),
    ],
)
def test_a_document_is_what_its_bytes_say(content, extension):
    form = sniff(content)
    assert (form.extension if form else None) == extension


def test_a_refused_document_is_described():
    assert refusal(HTML, "application/pdf") == f"an HTML page of {len(HTML)} bytes, called application/pdf"
    assert "PDF without its end" in refusal(PDF[:-8], "")
