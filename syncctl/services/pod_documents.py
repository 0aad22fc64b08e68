"""Keeping proofs of delivery, in a folder or the database: whole or not at all, never overwritten, found after a crash."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from syncctl.carriers.base import Document
from syncctl.carriers.forms import Form, sniff
from syncctl.carriers.reading import moment
from syncctl.clock import Clock, system_clock
from syncctl.db.contract import (
    ClaimedPod,
    Database,
    DescribedPod,
    GetPodDocument,
    ListPodDocuments,
    PodClaim,
    StoredPod,
    StorePodDocument,
)
from syncctl.errors import ConfigError, PermanentError
from syncctl.foreign_text import plain
from syncctl.http_answer import MEGABYTE

_NEVER = datetime.min.replace(tzinfo=UTC)
_EXTENSIONS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/tiff": "tif",
    "text/html": "html",
}
_LARGEST = 100 * MEGABYTE
"""A file in the folder that is larger is none of ours: SYNCCTL_POD_MAX_MEGABYTES takes no more."""
_LONGEST_DESCRIPTION = 1_000_000
"""Bytes. A description that is longer was not written by us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document that is kept. `path` finds it in its store, `url` is what a person may open."""

    path: str
    url: str
    sha256: str
    content_type: str
    size_bytes: int
    source_url: str | None
    signed_by: str | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDocument:
    """A document as it is looked at afterwards. `read` gives its bytes; `evidence` is what is known of how it was got."""

    name: str
    """A file's name for it, safe on every system, without what tells the claim."""
    kind: str
    is_main: bool
    tracking_number: str
    sha256: str
    content_type: str
    size_bytes: int
    source_url: str | None
    signed_by: str | None
    delivered_at: datetime | None
    kept_at: datetime | None
    evidence: Any
    path: str
    read: Callable[[], bytes] = field(repr=False)

    @property
    def extension(self) -> str:
        """What its file's name ends with."""
        return self.name.rsplit(".", 1)[-1]


class DocumentStore(Protocol):
    """Where documents are kept."""

    def check(self) -> None:
        """Make sure that documents can be kept, before a carrier is asked for one.

        Raises:
            ConfigError: they can't.
        """
        ...

    def find(self, claim: ClaimedPod) -> StoredDocument | None:
        """Return the document that is kept for a claim and its tracking number already, whole; None where there is none."""
        ...

    def of(self, claim: PodClaim) -> list[KeptDocument]:
        """Return every document that is kept for a claim, of all its numbers, as they were kept."""
        ...

    def keep(
        self, claim: ClaimedPod, document: Document, form: Form, worker_id: str, *, main: bool = True, evidence: str = ""
    ) -> StoredDocument:
        """Keep a document; the same one again is found, not kept twice.

        The main one is kept last: a claim that has it has all. `evidence` is JSON of how it was got.

        Raises:
            ConfigError: the store can't be written.
            PermanentError: this one document can't be kept, others can.
            LeaseLost: the claim is another worker's by now.
        """
        ...


def safe(text: str, length: int = 60) -> str:
    """Return a text as a part of a file's name on every system: Latin letters, digits, dashes and underscores."""
    spread = unicodedata.normalize("NFKD", text)
    return re.sub(r"[^A-Za-z0-9-]+", "_", "".join(letter for letter in spread if not unicodedata.combining(letter)))[
        :length
    ].strip("_")


def file_name(kind: str, number: str, digest: str, extension: str) -> str:
    """Return a document's name in an export: what it is, of which parcel, and which one."""
    return f"{'-'.join(filter(None, (safe(kind, 20), safe(number, 40), digest[:8])))}.{extension}"


class FolderStore:
    """A folder, one subfolder for each thousand claims. Beside each document lies a `.json` with what was known of it."""

    def __init__(self, root: Path, *, url_prefix: str | None = None, clock: Clock = system_clock) -> None:
        self._root = root
        self._clock = clock
        self._prefix = url_prefix

    def check(self) -> None:
        """See `DocumentStore.check`: a file is written, and gone again."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(prefix="check.", suffix=".part", dir=self._root) as file:
                file.write(b"x")
        except OSError as error:
            raise ConfigError(
                f"The folder {self._root} can't be written: {error.strerror or error}. Name another with SYNCCTL_POD_DIR."
            ) from error

    def find(self, claim: ClaimedPod) -> StoredDocument | None:
        """See `DocumentStore.find`. A file whose bytes don't have the hash that its name tells is not taken."""
        for path in sorted(self._folder(claim).glob(f"{self._stem(claim)}-*")):
            if path.suffix in (".json", ".part"):
                continue
            with suppress(OSError):
                if path.stat().st_size > _LARGEST:
                    continue
                content = path.read_bytes()
                form = sniff(content)
                told = path.stem.removeprefix(f"{self._stem(claim)}-").split("-")[0]
                if form and told and hashlib.sha256(content).hexdigest().startswith(told):
                    return self._stored(path, content, form, _read_beside(path))
        return None

    def keep(
        self,
        claim: ClaimedPod,
        document: Document,
        form: Form,
        worker_id: str,  # noqa: ARG002  (a folder needs no fence)
        *,
        main: bool = True,
        evidence: str = "",
    ) -> StoredDocument:
        """See `DocumentStore.keep`."""
        digest = hashlib.sha256(document.content).hexdigest()
        folder = self._folder(claim)
        known = {
            "claim_id": claim.claim_id,
            "claim_reference": claim.claim_reference,
            "carrier": claim.carrier,
            "tracking_number": claim.tracking_number,
            "kind": document.what,
            "is_main": main,
            "sha256": digest,
            "content_type": form.content_type,
            "size_bytes": len(document.content),
            "pages": form.pages,
            "kept_at": self._clock().isoformat(timespec="seconds"),
            "source_url": document.link,
            "signed_by": document.signed_by,
            "delivered_at": document.delivered_at.isoformat() if document.delivered_at else None,
            "evidence": json.loads(evidence) if evidence else [],
        }
        called = "" if main else f".{safe(document.what, 20) or 'more'}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(1, 100):
                more = "" if number == 1 else f"-{number}"
                path = folder / f"{self._stem(claim)}-{digest[:16]}{more}{called}.{form.extension}"
                if not path.exists():
                    # What is known of it first: a document that lies there has its description.
                    _write_new(path.with_suffix(".json"), _described(known))
                    _write_new(path, document.content)
                if (
                    path.stat().st_size <= _LARGEST and path.read_bytes() == document.content
                ):  # ours, or another worker's of the same
                    return self._stored(path, document.content, form, _read_beside(path) or known)
                # Damaged, perhaps: it stays as it is, and ours gets the next name.
        except OSError as error:
            self.check()  # it may be this one place alone
            raise PermanentError(f"The document can't be kept in {folder}: {error.strerror or error}.") from error
        raise PermanentError(f"{folder} holds too many damaged documents of claim {claim.claim_reference}.")

    def of(self, claim: PodClaim) -> list[KeptDocument]:
        """See `DocumentStore.of`. A file without a description is shown by its bytes alone."""
        found = []
        for path in sorted(self._folder(claim).glob(f"{claim.claim_id}-*")):
            if path.suffix in (".json", ".part") or not path.is_file() or path.stat().st_size > _LARGEST:
                continue
            known = _read_beside(path)
            content = path.read_bytes()
            form = sniff(content)
            main = len(path.name.split(".")) == 2
            kind = _text(known.get("kind")) or ("proof" if main else path.name.split(".")[-2])
            number = _text(known.get("tracking_number")) or ""
            digest = hashlib.sha256(content).hexdigest()
            found.append(
                KeptDocument(
                    name=file_name(kind, number, digest, path.suffix.removeprefix(".")),
                    kind=kind,
                    is_main=main,
                    tracking_number=number,
                    sha256=_text(known.get("sha256")) or digest,
                    content_type=form.content_type if form else "application/octet-stream",
                    size_bytes=len(content),
                    source_url=_text(known.get("source_url")),
                    signed_by=_text(known.get("signed_by")),
                    delivered_at=moment(_text(known.get("delivered_at")) or ""),
                    kept_at=moment(_text(known.get("kept_at")) or "") or datetime.fromtimestamp(path.stat().st_mtime, UTC),
                    evidence=known.get("evidence") or [],
                    path=path.relative_to(self._root).as_posix(),
                    read=path.read_bytes,
                )
            )
        return sorted(found, key=lambda each: (not each.is_main, each.kept_at or _NEVER, each.name))

    def _folder(self, claim: ClaimedPod | PodClaim) -> Path:
        return self._root / f"{claim.claim_id // 1000:06d}"

    def _stem(self, claim: ClaimedPod) -> str:
        return f"{claim.claim_id}-{safe(claim.claim_reference)}-{safe(claim.tracking_number or '')}"

    def _stored(self, path: Path, content: bytes, form: Form, known: dict[str, Any]) -> StoredDocument:
        inside = path.relative_to(self._root).as_posix()
        return StoredDocument(
            path=inside,
            url=f"{self._prefix}{inside}" if self._prefix else path.absolute().as_uri(),
            sha256=hashlib.sha256(content).hexdigest(),
            content_type=form.content_type,
            size_bytes=len(content),
            source_url=_text(known.get("source_url")),
            signed_by=_text(known.get("signed_by")),
            delivered_at=moment(_text(known.get("delivered_at")) or ""),
        )


def _read_beside(path: Path) -> dict[str, Any]:
    """Return what was known of a document; nothing where that can't be read, for the document itself is what counts."""
    try:
        with path.with_suffix(".json").open("rb") as file:
            known = json.loads(file.read(_LONGEST_DESCRIPTION))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _text(value: object) -> str | None:
    """Return a text of a description, fit to be shown; None for anything else. The file may have been written by anybody."""
    return plain(value, 4000) or None if isinstance(value, str) else None


def _described(known: dict[str, Any]) -> bytes:
    """Return a description as the file holds it; half a surrogate is written as JSON's escape."""
    return json.dumps(known, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace")


def _write_new(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and never over one that is there."""
    number, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        try:
            if os.name == "nt":
                part.rename(path)  # fails there where the target exists
            else:
                os.link(part, path)
        except FileExistsError:
            return
        except OSError:  # a file system without hard links
            if path.exists():
                return
            part.replace(path)
        _sync_folder(path.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system lets us."""
    if os.name == "nt":
        return
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


class DatabaseStore:
    """The table USER_POD_DOCUMENT. Keeping is bound to the claim's lease."""

    def __init__(self, database: Database, *, url_prefix: str | None = None) -> None:
        self._database = database
        self._prefix = url_prefix

    def check(self) -> None:
        """See `DocumentStore.check`: the claims lie in the same database."""

    def find(self, claim: ClaimedPod) -> StoredDocument | None:
        """See `DocumentStore.find`."""
        rows = self._database.run(GetPodDocument(claim_id=claim.claim_id, tracking_number=(claim.tracking_number or "")[:100]))
        return self._stored(rows[0]) if rows else None

    def keep(
        self, claim: ClaimedPod, document: Document, form: Form, worker_id: str, *, main: bool = True, evidence: str = ""
    ) -> StoredDocument:
        """See `DocumentStore.keep`."""
        rows = self._database.run(
            StorePodDocument(
                claim_id=claim.claim_id,
                worker_id=worker_id,
                attempt_no=claim.attempt_no,
                tracking_number=(claim.tracking_number or "")[:100],
                sha256=hashlib.sha256(document.content).hexdigest(),
                content_type=form.content_type,
                size_bytes=len(document.content),
                content=document.content,
                source_url=document.link,
                signed_by=(document.signed_by or "")[:100] or None,
                delivered_dt=document.delivered_at,
                kind=document.what[:20],
                is_main=main,
                evidence=evidence or None,
            )
        )
        return self._stored(rows[0])

    def of(self, claim: PodClaim) -> list[KeptDocument]:
        """See `DocumentStore.of`."""
        rows = self._database.run(ListPodDocuments(claim_id=claim.claim_id))
        kept = [self._described(row) for row in rows]
        return sorted(kept, key=lambda each: (not each.is_main, each.kept_at or _NEVER, each.name))

    def _described(self, row: DescribedPod) -> KeptDocument:
        extension = _EXTENSIONS.get(row.content_type, "bin")
        try:
            evidence = json.loads(row.evidence) if row.evidence else []
        except ValueError:
            evidence = []
        return KeptDocument(
            name=file_name(row.kind, row.tracking_number, row.sha256, extension),
            kind=row.kind,
            is_main=row.is_main,
            tracking_number=row.tracking_number,
            sha256=row.sha256,
            content_type=row.content_type,
            size_bytes=row.size_bytes,
            source_url=row.source_url,
            signed_by=row.signed_by,
            delivered_at=row.delivered_dt,
            kept_at=row.created_dt,
            evidence=evidence,
            path=f"database:{row.document_id}",
            read=lambda: self._read(row),
        )

    def _read(self, row: DescribedPod) -> bytes:
        found = self._database.run(GetPodDocument(claim_id=row.claim_id, document_id=row.document_id))
        return found[0].content if found else b""

    def _stored(self, row: StoredPod) -> StoredDocument:
        return StoredDocument(
            path=f"database:{row.document_id}",
            url=f"{self._prefix or 'database:USER_POD_DOCUMENT/'}{row.document_id}",
            sha256=row.sha256,
            content_type=row.content_type,
            size_bytes=row.size_bytes,
            source_url=row.source_url,
            signed_by=row.signed_by,
            delivered_at=row.delivered_dt,
        )
