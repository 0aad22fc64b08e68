"""Asking a carrier: the one place where what it says becomes text of ours, without keys and without controls.

A carrier may repeat the key that it was sent in its error, and whatever it says is shown on a terminal, kept with the claim and
written to the log.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable
from dataclasses import replace

from syncctl.carriers.base import Carrier, Checkable, Claim, Document, Outcome, temporary
from syncctl.carriers.http import CarrierHttp, CarrierUnreachable
from syncctl.errors import STOPPED, SyncError
from syncctl.secret import Hider

log = logging.getLogger(__name__)

_MOST_ANSWERS = 6
_LONGEST_ANSWER, _LONGEST_SHOWN, _SHORTEST_PACKED = 4_000_000, 20_000, 200
_PACKED = re.compile(r"(?:[A-Za-z0-9+/_=-]++(?:\\[rn]|[\r\n])*+)++")
LONGEST_MESSAGE, LONGEST_CODE, LONGEST_NAME = 500, 50, 100
"""Characters, as wide as the columns that they end in."""


def ask(carrier: Carrier, claim: Claim, http: CarrierHttp) -> Outcome:
    """Ask for the proof of delivery of one claim; whatever the carrier or its adapter does comes back as an outcome.

    Raises:
        BudgetExhausted: a call was refused by the budget.
        CarrierUnreachable: with the code `STOPPED` alone: the run is to stop. That is no outcome of the claim.
    """
    outcome = _outcome(carrier, claim.reference, lambda: carrier.fetch(claim, http))
    if outcome and outcome.document:
        return replace(outcome, evidence=evidence(http, Hider(carrier.secrets)))
    return outcome or temporary("unforeseen", "The adapter said nothing.")


def check(carrier: Carrier, claim: Claim, http: CarrierHttp) -> Outcome | None:
    """Ask a carrier that failed over this claim whether it is there and takes its keys; None where it is and does.

    Raises as `ask` does.
    """
    if not isinstance(carrier, Checkable):
        raise TypeError(f"{carrier.label} has nothing to be asked")
    return _outcome(carrier, claim.reference, lambda: carrier.check(http))


def _outcome(carrier: Carrier, reference: str, call: Callable[[], Outcome | None]) -> Outcome | None:
    try:
        outcome = call()
    except CarrierUnreachable as error:
        if error.code == STOPPED:
            raise
        outcome = temporary(str(error.code), str(error))
    except SyncError:
        raise
    except Exception as error:
        said = Hider(carrier.secrets).plain(f"{type(error).__name__}: {error}", LONGEST_MESSAGE)
        shown = SyncError(said).with_traceback(error.__traceback__)
        log.error("%s: asking %s failed in an unforeseen way", reference, carrier.label, exc_info=shown)
        outcome = temporary("unforeseen", said)
    # Made now: the carrier may have got a token meanwhile.
    return None if outcome is None else _shown(outcome, Hider(carrier.secrets))


def _shown(outcome: Outcome, hider: Hider) -> Outcome:
    """Return the outcome with each of its texts fit to be shown."""
    return replace(
        outcome,
        cause=hider.plain(outcome.cause, LONGEST_CODE),
        code=hider.plain(outcome.code, LONGEST_CODE),
        message=hider.plain(outcome.message, LONGEST_MESSAGE),
        document=None if outcome.document is None else _described(outcome.document, hider),
        more=tuple(_described(each, hider) for each in outcome.more),
    )


def _described(document: Document, hider: Hider) -> Document:
    link = document.link
    return replace(
        document,
        declared_type=hider.plain(document.declared_type, LONGEST_NAME),
        # A link that holds a key would be of no use without it.
        link=link if link and link == hider.plain(link, len(link)) else None,
        signed_by=hider.plain(document.signed_by or "", LONGEST_NAME) or None,
    )


def evidence(http: CarrierHttp, hider: Hider) -> str:
    """Return what the carrier was asked and what it answered, as JSON, without keys and without its documents.

    A document that stands in an answer is told by its length and hash; a long answer by its beginning and the hash of the whole.
    """
    told = []
    for method, at, reply in http.replies[-_MOST_ANSWERS:]:
        text = reply.body[:_LONGEST_ANSWER].decode("utf-8", errors="replace")
        if "access_token" in text:  # how a key was got is nobody's business
            continue
        is_text = reply.content_type.startswith("text/") or reply.content_type.endswith(("json", "xml"))
        answer = hider.clean(_PACKED.sub(_named, text)[:_LONGEST_SHOWN]) if is_text else ""
        told.append(
            {
                "asked_at": at.isoformat(timespec="seconds"),
                "request": hider.clean(f"{method} {reply.url}"),
                "status": reply.status,
                "content_type": hider.plain(reply.content_type, LONGEST_NAME),
                "answer_sha256": hashlib.sha256(reply.body).hexdigest(),
                "answer_bytes": len(reply.body),
                "answer": answer,
            }
        )
    return json.dumps(told, ensure_ascii=True)


def _named(found: re.Match[str]) -> str:
    """Say of what may be a document in base64 how long it is, and its hash; leave anything shorter."""
    packed = found[0]
    if len(packed) < _SHORTEST_PACKED:
        return packed
    return f"[{len(packed):,} characters, SHA-256 {hashlib.sha256(packed.encode()).hexdigest()}]"
