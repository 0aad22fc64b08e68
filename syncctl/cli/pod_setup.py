"""From the settings to what proof of delivery works with: carriers, a place for documents, options, a way to clients."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from syncctl import log
from syncctl.settings_load import surroundings

if TYPE_CHECKING:
    from syncctl.carriers.catalog import Catalog
    from syncctl.cli.run import Run
    from syncctl.services.notifications import NotificationResult
    from syncctl.services.pod_documents import DocumentStore
    from syncctl.services.pod_run import PodOptions
    from syncctl.services.run_context import RunContext

EVENT = "pod_failed"
_log = logging.getLogger("syncctl.cli")


def open_carriers(run: Run) -> Catalog:
    """Make the carriers, and keep what their files take from the environment out of the log.

    Raises:
        ConfigError: a carrier file that makes no sense.
    """
    from syncctl.carriers.catalog import open_catalog

    settings = run.settings
    environment = surroundings(run.env_file, run.settings.profile)
    catalog = open_catalog(settings, folder=settings.pod_carrier_dir, environment=environment, clock=run.clock)
    for handler in logging.getLogger(log.ROOT).handlers:
        handler.addFilter(log.Redaction(catalog.secrets))
    return catalog


def open_documents(run: Run, kept: str | None = None) -> DocumentStore:
    """Open the place where documents are kept; with `kept` (`folder`, `database`) that one, whatever the setting says."""
    from syncctl.services.pod_documents import DatabaseStore, FolderStore

    settings = run.settings
    if (kept or settings.pod_store) == "database":
        return DatabaseStore(run.database, url_prefix=settings.pod_url_prefix)
    return FolderStore(settings.pod_dir, url_prefix=settings.pod_url_prefix, clock=run.clock)


def options(run: Run, scope: str, *, carrier: str | None, claim: str | None, include_persistent: bool = False) -> PodOptions:
    """Return a run's options."""
    from syncctl.http_answer import MEGABYTE
    from syncctl.services.pod_run import PodOptions

    settings = run.settings
    return PodOptions(
        scope=scope,
        batch_size=settings.pod_batch_size,
        max_retries=settings.pod_max_retries,
        carrier=carrier,
        claim=claim,
        include_persistent=include_persistent,
        lease_seconds=settings.pod_lease_seconds,
        not_yet_seconds=settings.pod_not_yet_minutes * 60,
        not_yet_days=settings.pod_not_yet_days,
        not_yet_tries=settings.pod_not_yet_tries,
        patience_seconds=settings.pod_patience_seconds,
        largest_bytes=settings.pod_max_megabytes * MEGABYTE,
        connect_timeout=settings.pod_connect_timeout,
        read_timeout=settings.pod_read_timeout,
        answer_timeout=settings.http_answer_timeout,
        notify=settings.pod_notify,
        notify_temporary=settings.pod_notify_temporary,
        url=settings.pod_url,
    )


def notify_clients(run: Run, context: RunContext, result: NotificationResult) -> None:
    """Deliver the messages to clients that are due; where no way to them is set, say so and leave them."""
    from syncctl.db.contract import ListNotifications
    from syncctl.notify.channels import AppriseChannel, split
    from syncctl.notify.messages import Templates
    from syncctl.services.notifications import Notifier

    settings = run.settings
    if settings.notify_client_url is None:
        waiting = run.database.run(ListNotifications(states="PENDING", event_type=EVENT, batch_size=1))
        if waiting and waiting[0].next_attempt_dt and waiting[0].next_attempt_dt <= run.clock():
            _log.warning("Clients wait for messages: SYNCCTL_NOTIFY_CLIENT_URL is not set.")
        return
    Notifier(
        run.database,
        {"client": AppriseChannel(split(settings.notify_client_url), seconds=settings.http_answer_timeout, stop=run.stop)},
        Templates(settings.notify_template_dir),
        worker_id=run.run_id,
        context=context,
        result=result,
        event_type=EVENT,
    ).deliver()
