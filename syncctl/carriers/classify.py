"""What an error means: typed codes first, then the HTTP status, then the words, English and French. Unknown is temporary."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime

from syncctl.carriers.base import Kind, Outcome
from syncctl.carriers.http import Reply
from syncctl.carriers.limits import retry_at
from syncctl.foreign_text import beginning

INVALID_TRACKING = "invalid_tracking"
INVALID_CREDENTIALS = "invalid_credentials"
NOT_SUPPORTED = "carrier_not_supported"
NO_DOCUMENT = "no_document"
BAD_CONTENT = "bad_content"
BLOCKED = "blocked"
"""Turned away by something in front of the carrier's service, such as a firewall."""
LINK_REFUSED = "link_refused"
RETURNED = "returned"
"""The parcel went back to its sender: what proof there is proves nothing to the client's bank."""
LOST = "lost"
UNKNOWN = "unknown"

_DENIED = (401, 403)
_MOST = 8000
"""Characters of a carrier's text that are looked at: it may be as long as a document."""
_TAGS = re.compile(r"<[^>]*>")

Codes = Mapping[str, tuple[Kind, str]]
"""The carrier's code → what it means and our name for it. A key that begins with `*` matches the end of a code."""

_STATUSES: dict[int, tuple[Kind, str]] = {
    401: ("persistent", INVALID_CREDENTIALS),
    403: ("persistent", INVALID_CREDENTIALS),
    408: ("temporary", "timeout"),
    425: ("temporary", "http_425"),
    429: ("throttled", "http_429"),
}
"""Statuses that mean one thing wherever they come from. 400, 404 and 422 don't: there the words decide."""

_NUMBER = r"(number|no|id|code|reference|waybill|awb|barcode)"
_PARCEL = r"(tracking|shipment|parcel|package|consignment|waybill|awb|skybill|barcode)"
_NUMERO = r"(numero|num|code|reference)"
_TEXTS: tuple[tuple[Kind, str, tuple[str, ...]], ...] = (
    (
        "throttled",
        "rate_limit",
        (
            r"rate.?limit",
            r"too many (requests|calls)",
            r"throttl",
            r"quota (exceeded|reached)",
            r"exceeded .{0,20}quota",
            r"daily limit",
            r"trop de requetes",
            r"trop d.appels",
            r"quota (depasse|atteint)",
            r"limite .{0,40}(atteinte|depassee)",
        ),
    ),
    (
        "not_yet",
        "not_delivered",
        (
            r"not (yet )?(been )?delivered",
            r"no (proof of delivery|pod|signature).{0,30}yet",
            r"(proof of delivery|pod|signature) (is )?not (yet )?available",
            r"in transit",
            r"out for delivery",
            r"awaiting delivery",
            r"pas encore (ete )?(livre|distribue|disponible)",
            r"non (livre|distribue)",
            r"n.a pas (encore )?ete (livre|distribue)",
            r"(preuve de livraison|pod) .{0,20}(non disponible|indisponible)",
            r"en cours (d.acheminement|de livraison|de distribution)",
            r"en transit",
        ),
    ),
    (
        "persistent",
        INVALID_CREDENTIALS,
        (
            r"(invalid|wrong|incorrect|bad|unknown) (credentials?|api.?key|key|password|login|account|token|user)",
            r"authentication (failed|required)",
            r"unauthori[sz]ed",
            r"access denied",
            r"not authori[sz]ed",
            r"login failed",
            r"identifiants? (invalides?|incorrects?|errones?)",
            r"mot de passe (invalide|incorrect|errone)",
            r"cle .{0,10}(invalide|inconnue)",
            r"compte (invalide|inconnu)",
            r"acces (refuse|interdit)",
            r"authentification (echouee|requise)",
            r"non autorise",
        ),
    ),
    (
        "persistent",
        INVALID_TRACKING,
        (
            rf"(invalid|unknown|malformed|wrong|incorrect) {_PARCEL}( {_NUMBER})?",
            rf"{_PARCEL} ?{_NUMBER}?.{{0,40}}(invalid|unknown|not valid|not recogni[sz]ed|does not exist|malformed)",
            rf"no such {_PARCEL}",
            rf"{_PARCEL} (does not exist|not found)",
            rf"{_NUMERO} .{{0,40}}(invalide|inconnu|incorrect|errone|inexistant|mal forme)",
            r"(colis|envoi|objet) (inconnu|inexistant|introuvable)",
            r"n.existe pas",
        ),
    ),
    (
        "persistent",
        NOT_SUPPORTED,
        (r"carrier (is )?not supported", r"unsupported carrier", r"transporteur non (supporte|pris en charge|gere)"),
    ),
    ("temporary", "timeout", (r"time.?d?.?out", r"delai .{0,20}depasse", r"temps d.attente")),
    (
        "temporary",
        "unavailable",
        (
            r"temporar|temporaire",
            r"try again|reessayer",
            r"unavailable|indisponible",
            r"internal (server )?error|erreur (interne|technique)",
            r"maintenance|overload|busy|surcharge",
        ),
    ),
)
"""Looked through from top to bottom: "quota" before "not authorised", "invalid number, try again" before "try again"."""
_COMPILED = tuple((kind, cause, re.compile("|".join(patterns))) for kind, cause, patterns in _TEXTS)


def plain(text: str) -> str:
    """Return a text as the patterns want it: small letters without accents, blanks single, apostrophes straight."""
    spread = unicodedata.normalize("NFKD", text[:_MOST].casefold().replace("’", "'").replace("œ", "oe"))
    return re.sub(r"\s+", " ", "".join(letter for letter in spread if not unicodedata.combining(letter)))


def by_text(text: str) -> tuple[Kind, str] | None:
    """Tell what an error's words mean, or None where they say nothing we know."""
    words = plain(text)
    for kind, cause, pattern in _COMPILED:
        if pattern.search(words):
            return kind, cause
    return None


def by_code(codes: Codes, code: str | None) -> tuple[Kind, str] | None:
    """Tell what a carrier's own code means, or None."""
    if not code:
        return None
    wanted = code.strip().casefold()
    for key, meaning in codes.items():
        known = key.casefold()
        if wanted == known or (known.startswith("*") and wanted.endswith(known[1:])):
            return meaning
    return None


def by_status(status: int | None) -> tuple[Kind, str] | None:
    """Tell what an HTTP status means by itself, or None where it means too many things."""
    if status is None:
        return None
    if status >= 500:
        return "temporary", f"http_{status}"
    return _STATUSES.get(status)


def classify(
    *, codes: Codes | None = None, code: str | None = None, status: int | None = None, text: str = ""
) -> tuple[Kind, str]:
    """Tell what an error means: the kind, and our word for the cause."""
    typed = by_code(codes or {}, code)
    if typed:
        return typed
    said = by_text(text)
    if status == 403 and said and said[0] == "throttled":  # some gateways answer 403 where others answer 429
        return said
    return by_status(status) or said or ("temporary", UNKNOWN)


def error_outcome(
    reply: Reply, now: datetime, *, codes: Codes | None = None, code: str | None = None, text: str | None = None
) -> Outcome:
    """Return the outcome of an answer that is an error. `text` is the carrier's message; None takes the body's beginning.

    A web page is nobody's judgement of the claim or the keys, and a 401 or 403 is one of the keys only where the carrier's own
    service gave it: firewalls and the hosts of expired links answer so, too.
    """
    page = html_title(reply.body) if text is None and not code else None
    words = beginning(reply.text() if text is None else text, _MOST)
    throttled = (by_text(words) or ("", ""))[0] == "throttled"
    kind: Kind
    if reply.status in _DENIED and not throttled and not _speaks_of_keys(reply, code, text):
        kind, cause = "temporary", BLOCKED
    elif page is not None and reply.status != 401 and not throttled:  # its words are meant for a person
        kind, cause = by_status(reply.status) or ("temporary", BAD_CONTENT)
    else:
        kind, cause = classify(codes=codes, code=code, status=reply.status if not reply.ok else None, text=words)
    if page is not None:
        words = f"an HTML page where an answer should be: {page or 'without a title'}"
    if cause == BLOCKED:
        words = f"HTTP {reply.status} from {reply.host}, and not in the carrier's own words: {_TAGS.sub(' ', words)}"
    return Outcome(
        kind=kind,
        cause=cause,
        code=code or cause,
        # Not cut here: what is secret in it is still there.
        message=" ".join(words.split()) or f"HTTP {reply.status} without a word",
        http_status=reply.status,
        retry_at=retry_at(reply.headers, now) if kind == "throttled" else None,
    )


def link_outcome(reply: Reply, now: datetime) -> Outcome:
    """Return the outcome of a document's link that answered with an error: most likely it has expired, and the next will do.

    Whatever it says, it was not sent the keys and doesn't know the parcel: the claim is tried again, and the carrier's other
    claims go on.
    """
    found = error_outcome(reply, now)
    if found.kind == "throttled" and not reply.elsewhere:
        return found
    cause = found.cause if found.kind == "temporary" and found.cause not in (UNKNOWN, BLOCKED) else LINK_REFUSED
    words = " ".join((html_title(reply.body) or _TAGS.sub(" ", reply.text())).split())
    message = f"The document's link answered HTTP {reply.status} ({reply.host}){f': {words}' if words else ''}"
    return Outcome(kind="temporary", cause=cause, code=cause, message=message, http_status=reply.status)


def _speaks_of_keys(reply: Reply, code: str | None, text: str | None) -> bool:
    """Tell whether a 401 or 403 comes from the carrier's own service: the host that was asked, and for a 403 in its own form."""
    if reply.elsewhere:
        return False
    own_code = bool(code) and code != str(reply.status)
    return reply.status == 401 or own_code or bool(text) or isinstance(reply.json(), dict)


def html_title(body: bytes) -> str | None:
    """Return the title of a body that is an HTML page, perhaps nothing; None for what is no HTML page."""
    beginning = body[:4096].decode("utf-8", errors="replace")
    if not re.match(r"\s*<(!doctype html|html|head|body)\b", beginning, re.IGNORECASE):
        return None
    found = re.search(r"<title[^>]*>(.*?)</title>", beginning, re.IGNORECASE | re.DOTALL)
    return " ".join(found[1].split()) if found else ""
