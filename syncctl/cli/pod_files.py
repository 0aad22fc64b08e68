"""`syncctl pod document` and `syncctl pod export`: the documents of claims, written or opened."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.output import table
from syncctl.cli.run import Run, command
from syncctl.errors import EXIT_SOME_FAILED, SyncError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.services.pod_documents import DocumentStore, KeptDocument


def register(app: typer.Typer) -> None:
    """Add the commands to `syncctl pod`."""
    command(app, "document", group="pod")(document)
    command(app, "export", group="pod")(export)


def document(
    run: Run,
    reference: Annotated[str, typer.Argument(help="The claim's reference.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file to write; never over one that is there.", metavar="FILE"),
    ] = None,
    open_it: Annotated[
        bool, typer.Option("--open", help="Show it with the program that your system has for it (never an HTML page).")
    ] = False,
    kind: Annotated[
        str | None, typer.Option("--kind", help="Which one: proof, signature, photo … Without it, the proof.", metavar="KIND")
    ] = None,
) -> None:
    """Write a claim's document into a file, or open it. Without either, list what there is of the claim.

    It is found wherever it is kept (SYNCCTL_POD_STORE), and refused where its bytes are no longer those that were kept.
    """
    from syncctl.services.pod_export import documents_of, find_claim, intact

    claim = find_claim(run.database, reference)
    found = documents_of(claim, _store(run, claim.pod_document_path))
    wanted = [each for each in found if each.kind == kind] if kind else found
    if not wanted:
        raise UsageError(f"Claim {reference} has no {kind}; it has {', '.join(dict.fromkeys(each.kind for each in found))}.")
    chosen = wanted[0]
    if open_it and chosen.content_type == "text/html":
        raise UsageError(
            "This proof is an HTML page, which may run or load things: write it with --output, and look at it with care."
        )
    if output is None and not open_it:
        run.report.items = [_shown(each) for each in wanted]
        run.report.counts = {"documents": len(wanted)}
        run.render = lambda console: _list(console, wanted)
        return
    content = intact(chosen)
    path = output or Path(tempfile.mkdtemp(prefix="syncctl-")) / chosen.name
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror or error}.") from error
    run.report.items = [_shown(chosen) | {"file": str(path)}]
    run.report.counts = {"documents": 1}
    run.render = lambda console: console.print(f"{path}: {chosen.content_type}, {chosen.size_bytes:,} bytes", soft_wrap=True)
    if open_it and typer.launch(str(path)) != 0:
        raise UsageError(f"Nothing here opens {chosen.content_type}; the document is {path}.")


def export(
    run: Run,
    references: Annotated[list[str], typer.Argument(help="The claims' references.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The folder below which each claim gets its own.", metavar="FOLDER")
    ] = Path(),
    as_zip: Annotated[bool, typer.Option("--zip", help="One ZIP per claim instead of a folder.")] = False,
) -> None:
    """Write what a bank or a marketplace wants of each claim: its documents, their hashes, and how they were got.

    Beside the documents lie `summary.txt` for people, `claim.json` with the carrier's answers, and `SHA256SUMS`. Nothing is
    converted, and nothing that is there is written over.
    """
    from syncctl.services.pod_export import export as write, find_claim

    done = []
    for reference in dict.fromkeys(references):
        try:
            claim = find_claim(run.database, reference)
            store = _store(run, claim.pod_document_path)
            done.append(write(claim, store, output, as_zip=as_zip, clock=run.clock))
        except SyncError as error:
            if len(references) == 1 or error.exit_code >= 64:  # the database, the set-up
                raise
            run.report.add_error(str(error), claim=reference, type=type(error).__name__)
            run.report.exit_code = EXIT_SOME_FAILED
    run.report.items = list(done)
    run.report.counts = {"claims": len(done), "documents": sum(each.documents for each in done)}

    def render(console: Console) -> None:
        for each in done:
            console.print(f"{each.path}: {each.documents} document{'s' if each.documents != 1 else ''}", soft_wrap=True)

    run.render = render


def _store(run: Run, path: str | None) -> DocumentStore:
    """Open the store in which a claim's document lies, whatever the setting says by now."""
    from syncctl.cli.pod_setup import open_documents

    kept = None if path is None else "database" if path.startswith("database:") else "folder"
    return open_documents(run, kept)


def _shown(each: KeptDocument) -> dict[str, object]:
    return {
        "kind": each.kind,
        "tracking_number": each.tracking_number,
        "content_type": each.content_type,
        "size_bytes": each.size_bytes,
        "sha256": each.sha256,
        "source_url": each.source_url,
        "signed_by": each.signed_by,
        "delivered_at": each.delivered_at,
        "kept_at": each.kept_at,
        "path": each.path,
    }


def _list(console: Console, found: list[KeptDocument]) -> None:
    columns = ["Kind", "Tracking number", "Type", "Bytes>", "Kept", "Path"]
    rows = [[each.kind, each.tracking_number, each.content_type, each.size_bytes, each.kept_at, each.path] for each in found]
    table(console, columns, rows)
