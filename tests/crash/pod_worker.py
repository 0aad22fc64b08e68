"""A `pod-fetch` run in a process of its own that ends itself, hard, at a given moment: no `finally`, no goodbye.

`main` is given: url, folder, store (folder or database), now, run_id, kill ("before:sp_X:2" is before
the second call of sp_X; "after:http:1" when the carrier's first answer is here; "before:keep:1" before the document is kept).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from syncctl.carriers.base import Document
from syncctl.carriers.catalog import open_catalog
from syncctl.carriers.forms import Form
from syncctl.db.connect import open_database
from syncctl.db.contract import ClaimedPod, Database, PodClaim, Procedure
from syncctl.http_answer import HttpSession
from syncctl.services.pod import PodWork
from syncctl.services.pod_documents import DatabaseStore, DocumentStore, FolderStore, KeptDocument, StoredDocument
from syncctl.services.pod_run import PodOptions
from syncctl.services.run_context import RunContext
from syncctl.settings import Settings
from tests.crash.worker import Killer
from tests.faults import FaultyDatabase


class MortalStore:
    """A real store, with the killer before and after a document is kept."""

    def __init__(self, store: DocumentStore, killer: Killer) -> None:
        self.store, self.killer = store, killer

    def check(self) -> None:
        self.store.check()

    def find(self, claim: ClaimedPod) -> StoredDocument | None:
        return self.store.find(claim)

    def of(self, claim: PodClaim) -> list[KeptDocument]:
        return self.store.of(claim)

    def keep(
        self, claim: ClaimedPod, document: Document, form: Form, worker_id: str, *, main: bool = True, evidence: str = ""
    ) -> StoredDocument:
        self.killer.pass_by("before", "keep")
        kept = self.store.keep(claim, document, form, worker_id, main=main, evidence=evidence)
        self.killer.pass_by("after", "keep")
        return kept


def mortal_session(killer: Killer) -> Callable[[], HttpSession]:
    class Session(HttpSession):
        def send(self, *given: Any, **more: Any) -> Any:
            killer.pass_by("before", "http")
            answer = super().send(*given, **more)
            killer.pass_by("after", "http")
            return answer

    return Session


def main(given: dict[str, Any]) -> None:
    now = datetime.fromisoformat(given["now"])
    killer = Killer(given["kill"])
    folder = Path(given["folder"])

    def clock() -> datetime:
        return now

    def before(call: Procedure[Any]) -> None:
        killer.pass_by("before", call.name)

    def after(call: Procedure[Any]) -> None:
        killer.pass_by("after", call.name)

    database: Database = FaultyDatabase(open_database(given["url"], clock=clock), before=before, after=after)
    store: DocumentStore = DatabaseStore(database) if given["store"] == "database" else FolderStore(folder / "pods")
    ended = PodWork(
        database,
        open_catalog(Settings(), folder=folder / "carriers", environment={}, clock=clock),
        MortalStore(store, killer),
        worker_id=given["run_id"],
        options=PodOptions(scope="pending", batch_size=1000, lease_seconds=600),
        context=RunContext(run_id=given["run_id"], clock=clock, sleeper=lambda _: None),
        session=mortal_session(killer),
    ).run()
    database.close()
    if ended.ended_by:
        raise ended.ended_by
