"""A bench for runs of proof of delivery: a database, carriers on loopback, a folder, and short ways to run the two jobs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from syncctl.carriers.catalog import Catalog, open_catalog
from syncctl.db.contract import AddClaim, Database, ListPods, PodClaim
from syncctl.demo.carriers import SimulatedCarriers
from syncctl.http_answer import HttpSession
from syncctl.notify.channels import DeliveryFailed
from syncctl.notify.messages import Message, Templates
from syncctl.secret import Secret
from syncctl.services.notifications import NotificationResult, Notifier
from syncctl.services.pod import PodWork
from syncctl.services.pod_documents import FolderStore
from syncctl.services.pod_run import PodOptions, PodResult
from syncctl.services.run_context import RunContext
from syncctl.settings import Settings
from syncctl.stop import Never
from tests.clocks import PATIENCE, MovableClock


class Bench:
    """A database, simulated carriers, a folder, and short ways to run the two jobs."""

    def __init__(self, database: Database, clock: MovableClock, carriers: SimulatedCarriers, folder: Path) -> None:
        self.database, self.clock, self.carriers, self.folder = database, clock, carriers, folder
        self.documents: Any = FolderStore(folder / "pods")
        self.silence = 0.2
        """Seconds for which a run waits for a carrier that says nothing (`timeout`)."""
        self.settings = Settings()
        self.describe("acme", per_day=1000)

    def describe(self, name: str, **limits: Any) -> None:
        self.carriers.describe(self.folder / "carriers", name, limits=limits, label=name.title())

    def ups(self, address: str, **limits: int) -> None:
        """Set up UPS, which has an address for tokens that names no parcel."""
        self.settings = Settings(pod_ups_client_id="id", pod_ups_client_secret=Secret("s3cret"))
        lines = [f"{key} = {value}" for key, value in ({"per_day": 500} | limits).items()]
        self.file("ups", f'builtin = "ups"\nbase_url = "{address}"\n[limits]\n' + "\n".join(lines) + "\n[number]\nshortest = 1\n")

    def odd(self, name: str, address: str) -> None:
        """Describe a carrier at this address that gives documents, or links to them."""
        fields = {
            "document": "documents[0].content",
            "link": "links.pod",
            "status": "status",
            "error_text": "error.message",
            "delivered_at": "at",
            "signed_by": "by",
        }
        told = "\n".join(f'{key} = "{value}"' for key, value in fields.items())
        self.file(
            name,
            f'name = "{name}"\n[request]\nurl = "{address}/{{tracking_number}}"\n[response]\n{told}\ndelivered = ["DELIVERED"]',
        )

    def file(self, name: str, text: str) -> None:
        (self.folder / "carriers" / f"{name}.toml").write_text(text, encoding="utf-8")

    def catalog(self) -> Catalog:
        return open_catalog(self.settings, folder=self.folder / "carriers", environment={}, clock=self.clock)

    def add(self, number: str, *script: str, carrier: str = "Acme", **more: Any) -> None:
        if script:
            self.carriers.simulation.scripts[number] = list(script)
        self.database.run(AddClaim(claim_reference=f"CLM-{number}", carrier=carrier, tracking_number=number, **more))

    def run(self, scope: str = "pending", *, worker_id: str = "w", stop: Any = None, **options: Any) -> PodResult:
        chosen = replace(PodOptions(scope=scope, read_timeout=PATIENCE), **options)
        context = self.context(stop or Never())
        return PodWork(self.database, self.catalog(), self.documents, worker_id, chosen, context, session=self.session).run()

    def session(self) -> HttpSession:
        """A session that waits as long as the run is to, and for a carrier that says nothing for `silence`."""
        bench = self

        class Session(HttpSession):
            def send(self, request: Any, **more: Any) -> Any:
                connect, read = more["timeout"]
                if bench.carriers.simulation.scripts.get(request.url.rpartition("/")[2], [""])[0] == "timeout":
                    read = bench.silence
                return super().send(request, **{**more, "timeout": (connect, read)})

        return Session()

    def context(self, stop: Any = None) -> RunContext:
        return RunContext(run_id="run", clock=self.clock, sleeper=self.clock.sleep, stop=stop or Never())

    def tell(self, channel: Any, **channels: Any) -> NotificationResult:
        """Deliver what is due to clients, and to whomever there is a channel more."""
        return Notifier(self.database, {"client": channel, **channels}, Templates(), "w", self.context()).deliver()

    def claim(self, number: str) -> PodClaim:
        return self.database.run(ListPods(claim_reference=f"CLM-{number}"))[0]

    def outcomes(self, result: PodResult) -> dict[str, str]:
        return {item.claim_reference.removeprefix("CLM-"): item.cause or item.outcome for item in result.items}


class Mailbox:
    """A channel that remembers, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.got: list[tuple[str | None, Message]] = []

    def send(self, message: Message, *, address: str | None = None) -> None:
        if self.failures:
            self.failures -= 1
            raise DeliveryFailed("the mail server is out")
        self.got.append((address, message))


Answer = tuple[int, object]
"""A status, and a body: bytes as they are, anything else as JSON."""


class OddCarrier:
    """Answers as it is told, on loopback; `seen` is the path of every call. `here` and `elsewhere` are two hosts of it."""

    def __init__(self, answer: Callable[[str], Answer]) -> None:
        self.answer = answer
        self.seen: list[str] = []
        carrier = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                carrier.seen.append(self.path)
                status, said = carrier.answer(self.path)
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                self.do_GET()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.here = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.elsewhere = self.here.replace("127.0.0.1", "localhost")
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> OddCarrier:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)
