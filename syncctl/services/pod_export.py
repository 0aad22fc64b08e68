"""What a bank or a marketplace wants of one claim, in one folder or ZIP: the documents, their hashes, and how each was got.

Nothing is converted, and nothing that is there is written over. A file that no longer has the hash under which it was kept is not
passed off as the document.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from syncctl import __version__
from syncctl.carriers.numbers import numbers_of, plain_number
from syncctl.clock import Clock
from syncctl.db.contract import Database, ListPods, PodClaim
from syncctl.errors import NotFound, PermanentError, UsageError
from syncctl.services.pod_documents import DocumentStore, KeptDocument, safe

_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(10))}
"""Names that Windows has for devices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One claim's export."""

    claim_reference: str
    path: str
    documents: int
    size_bytes: int
    sha256: list[str] = field(default_factory=list)


def find_claim(database: Database, reference: str) -> PodClaim:
    """Return a claim.

    Raises:
        NotFound: there is none of that reference.
    """
    found = database.run(ListPods(claim_reference=reference, batch_size=1))
    if not found:
        raise NotFound(f"There is no claim {reference}. `syncctl pod list` shows them.")
    return found[0]


def documents_of(claim: PodClaim, store: DocumentStore) -> list[KeptDocument]:
    """Return a claim's documents, the main one first.

    Raises:
        NotFound: it has none, or they lie elsewhere.
    """
    found = store.of(claim)
    if not found:
        kept = f"; it is kept at {claim.pod_document_path}" if claim.pod_document_path else ""
        why = f": {claim.pod_error}" if claim.pod_error else ""
        raise NotFound(f"Claim {claim.claim_reference} has no document here ({claim.standing}{why}{kept}).")
    return found


def intact(document: KeptDocument) -> bytes:
    """Return a document's bytes.

    Raises:
        PermanentError: they are no longer those that were kept.
    """
    content = document.read()
    if hashlib.sha256(content).hexdigest() != document.sha256:
        raise PermanentError(f"{document.path} is damaged: its bytes no longer have the hash {document.sha256} of what was kept.")
    return content


def export(claim: PodClaim, store: DocumentStore, target: Path, *, as_zip: bool, clock: Clock) -> Exported:
    """Write one claim's folder or ZIP below `target`, whole or not at all.

    Raises:
        NotFound: the claim has no document.
        PermanentError: one of them is damaged.
        UsageError: the target is there already, or can't be written.
    """
    found = documents_of(claim, store)
    files = {document.name: intact(document) for document in found}
    files["claim.json"] = _json(_told(claim, found, clock()))
    files["SHA256SUMS"] = "".join(f"{document.sha256}  {document.name}\n" for document in found).encode()
    files["summary.txt"] = _summary(claim, found).encode()
    name = _name(claim)
    path = target / (f"{name}.zip" if as_zip else name)
    try:
        target.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise UsageError(f"{path} is there already, and is not written over.")
        if as_zip:
            _zipped(path, name, files)
        else:
            _in_folder(path, files)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror or error}.") from error
    return Exported(
        claim_reference=claim.claim_reference,
        path=str(path),
        documents=len(found),
        size_bytes=sum(map(len, files.values())),
        sha256=[document.sha256 for document in found],
    )


def _name(claim: PodClaim) -> str:
    """Return what a claim's folder is called: its reference where that is a name everywhere, else with its id behind it."""
    name = safe(claim.claim_reference)
    return name if name == claim.claim_reference and name.upper() not in _RESERVED else f"{name or 'claim'}-{claim.claim_id}"


def _in_folder(path: Path, files: dict[str, bytes]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.mkdir()
    try:
        for name, content in files.items():
            (part / name).write_bytes(content)
        part.rename(path)
    except BaseException:
        for name in files:
            with suppress(OSError):
                (part / name).unlink(missing_ok=True)
        with suppress(OSError):
            part.rmdir()
        raise


def _zipped(path: Path, name: str, files: dict[str, bytes]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED) as archive:
            for inside, content in files.items():
                archive.writestr(f"{name}/{inside}", content)
        part.rename(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _told(claim: PodClaim, found: list[KeptDocument], now: datetime) -> dict[str, Any]:
    """Return all that is known, for a program."""
    documents = [
        {key: value for key, value in asdict(each).items() if key not in ("read", "path")} | {"kept_as": each.path}
        for each in found
    ]
    return {
        "claim": {key: value for key, value in asdict(claim).items() if key != "pod_url"},
        "documents": documents,
        "missing": _missing(claim, found),
        "exported_at": now,
        "exported_by": f"syncctl {__version__}",
    }


def _summary(claim: PodClaim, found: list[KeptDocument]) -> str:
    """Return the same for a person, in a few lines."""
    lines = [
        f"Proof of delivery for claim {claim.claim_reference}",
        "",
        f"Carrier:          {claim.carrier or 'unknown'}",
        f"Tracking number:  {claim.tracking_number or 'none'}",
        f"Delivered:        {_day(claim.pod_delivered_at)}",
        f"Signed by:        {claim.pod_signed_by or 'not told'}",
        f"Answer due by:    {_day(claim.dispute_deadline)}",
        "",
    ]
    missing = _missing(claim, found)
    if missing:
        lines += [f"No document yet of: {', '.join(missing)}", ""]
    for each in found:
        lines += [
            each.name,
            f"  {each.kind} of parcel {each.tracking_number or '?'}: {each.content_type}, {each.size_bytes:,} bytes",
            f"  SHA-256 {each.sha256}",
            f"  kept {_day(each.kept_at)} as the carrier gave it",
        ]
        asked = each.evidence if isinstance(each.evidence, list) else []
        lines += [
            f"  asked {told.get('asked_at')}: {told.get('request')} answered {told.get('status')}"
            for told in asked
            if isinstance(told, dict)
        ]
        lines.append("")
    lines.append("claim.json has the carrier's answers; SHA256SUMS checks the files (sha256sum -c SHA256SUMS).")
    return "\n".join(lines) + "\n"


def _missing(claim: PodClaim, found: list[KeptDocument]) -> list[str]:
    """Return those of a claim's numbers of which there is no document."""
    have = {plain_number(each.tracking_number) for each in found}
    return [number for number in numbers_of(claim.tracking_number) if plain_number(number) not in have]


def _day(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else "not told"


def _json(value: Any) -> bytes:
    def shown(other: Any) -> str:
        return other.isoformat() if isinstance(other, datetime) else str(other)

    return json.dumps(value, ensure_ascii=False, indent=2, default=shown).encode("utf-8", "backslashreplace")
