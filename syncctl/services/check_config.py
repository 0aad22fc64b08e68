"""Try what is configured, one thing after the other, so that a person sees all that is wrong at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from syncctl.clock import Clock, system_clock
from syncctl.db.contract import CountStates, Database, ListStatusMap
from syncctl.errors import EXIT_CONFIG, EXIT_OK, EXIT_UNAVAILABLE, SyncError
from syncctl.private_files import others_may_read, unwritable
from syncctl.services.erp_site import advised_settings, missing_settings, not_set
from syncctl.services.raised import raising_of
from syncctl.settings import Settings
from syncctl.stores.base import Store
from syncctl.stores.connect import meaning_in_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was tried."""

    what: str
    ok: bool
    detail: str
    warning: bool = False
    """It works, and a person should change it all the same."""
    exit_code: int = EXIT_OK
    profile: str = ""
    """Whose settings were tried, where there are profiles."""


_MOST_NAMED = 10
_CLOCKS_APART = timedelta(minutes=5)


def check_config(
    settings: Settings,
    *,
    connect: Callable[[], Database],
    describe_database: Callable[[], str],
    open_store: Callable[[], Store],
    environment: Mapping[str, str] | None = None,
    private: Sequence[Path] = (),
    clock: Clock = system_clock,
) -> list[Finding]:
    """Try the settings' names, the folders, the database, store, carriers and channels; and who may read the `private` files.

    Raises nothing for what is wrong: that is a finding.
    """
    return [
        *_names(settings),
        *_private(private),
        _folder("log folder", "SYNCCTL_LOG_DIR", settings.log_dir),
        _folder("lock folder", "SYNCCTL_LOCK_DIR", settings.lock_dir),
        *_database(connect, describe_database),
        *_store(settings, open_store, clock),
        *_statuses(settings, connect),
        *_carriers(settings, environment),
        *_channels(settings),
    ]


def _names(settings: Settings) -> list[Finding]:
    if settings.unknown:
        return [Finding(what="settings", ok=False, detail=slip, exit_code=EXIT_CONFIG) for slip in settings.unknown]
    return [Finding(what="settings", ok=True, detail="every value is understood")]


def _private(files: Sequence[Path]) -> list[Finding]:
    """Warn of keys and customers' data that other accounts of this host may read."""
    said = "can be read by other accounts of this host: `chmod 600"
    return [
        Finding(what="rights", ok=True, warning=True, detail=f"{file} {said} {file}`") for file in files if others_may_read(file)
    ]


def _folder(what: str, variable: str, folder: Path) -> Finding:
    """Try to write into a folder, without leaving anything there."""
    why = unwritable(folder)
    if not why:
        return Finding(what=what, ok=True, detail=str(folder))
    said = f"{folder} can't be written: {why}. Name another with {variable}."
    return Finding(what=what, ok=False, detail=said, exit_code=EXIT_CONFIG)


def _database(connect: Callable[[], Database], describe: Callable[[], str]) -> list[Finding]:
    """Try the database; where it answers, look whether the site has set what a document needs."""
    try:
        with closing(connect()) as database:
            orders = sum(row.orders for row in database.run(CountStates()))
            missing = missing_settings(database)
            advised = advised_settings(database)
    except SyncError as error:
        return [_failed("database", error)]
    found = [Finding(what="database", ok=True, detail=f"{describe()}; {orders:,} staged orders")]
    if missing:
        found.append(Finding(what="site settings", ok=False, detail=not_set(missing), exit_code=EXIT_CONFIG))
    found += [Finding(what="site settings", ok=True, warning=True, detail=said) for said in advised]
    return found


def _store(settings: Settings, open_store: Callable[[], Store], clock: Clock) -> list[Finding]:
    if not settings.store_url:
        name = settings.store_keys[0]
        chosen = f"--profile {settings.profile} " if settings.profile else ""
        said = (
            f"No store is set: SYNCCTL_{name.upper()} is its address. `syncctl {chosen}config set {name} …` writes it to "
            f"{settings.own_file}."
        )
        return [Finding(what="store", ok=False, detail=said, exit_code=EXIT_CONFIG)]
    try:
        with closing(open_store()) as store:
            theirs = store.ping(writing=True)
            apart = theirs - clock() if theirs else timedelta(0)
            warnings = list(store.warnings)
    except SyncError as error:
        return [_failed("store", error)]
    found = [Finding(what="store", ok=True, detail=f"{settings.store_url} answers; the keys may read and write")]
    found += [Finding(what="store", ok=True, warning=True, detail=said) for said in warnings]
    if abs(apart) > _CLOCKS_APART:
        minutes = round(abs(apart).total_seconds() / 60)
        said = (
            f"The store's clock and this host's are {minutes} minutes apart. Set both by a time server; "
            "until then ticket dates and waiting times may look wrong. No order is lost by it: polling goes by the store's clock."
        )
        found.append(Finding(what="clocks", ok=False, detail=said, exit_code=EXIT_CONFIG))
    return found


def _statuses(settings: Settings, connect: Callable[[], Database]) -> list[Finding]:
    """Say which orders' status in the store would be changed: the store mails by it. Nothing where there is no database yet."""
    if not settings.write_back_status:
        return [Finding(what="store statuses", ok=True, detail="left alone (SYNCCTL_WRITE_BACK_STATUS is off)")]
    try:
        with closing(connect()) as database:
            rule = raising_of(database, meaning=meaning_in_store(settings), allowed=True)
            raised = rule.among(database, store_id=settings.store_id)
            rows = sorted(database.run(ListStatusMap()), key=lambda row: row.store_id != "*")
    except SyncError:
        return []  # said of the database
    words = {row.erp_status: row.woo_status for row in rows if row.store_id in ("*", settings.store_id)}
    told = [f"{erp} → {words[erp]}" for erp in ("shipped", "closed", "gone") if rule.may_be_told(words.get(erp))]
    if rule.may_be_told(rule.applied_status):
        told.insert(0, f"in the ERP: {rule.applied_status}")
    rules = "none gets another one from us"
    if told:
        rules = f"only an order that is paid and waits gets another one ({', '.join(told)})"
    if not raised:
        return [Finding(what="store statuses", ok=True, detail=f"no order would get another one now; {rules}")]
    named = ", ".join(f"{each.woo_order_no or each.woo_order_id} {each.before} → {each.after}" for each in raised[:_MOST_NAMED])
    more = f" and {len(raised) - _MOST_NAMED:,} more" if len(raised) > _MOST_NAMED else ""
    said = f"{len(raised):,} would change, which can mail customers and set dates: {named}{more}; {rules}"
    return [Finding(what="store statuses", ok=True, detail=f"{said}. SYNCCTL_WRITE_BACK_STATUS=off leaves them alone")]


def _failed(what: str, error: SyncError) -> Finding:
    return Finding(what=what, ok=False, detail=str(error), exit_code=max(error.exit_code, EXIT_UNAVAILABLE))


def _carriers(settings: Settings, environment: Mapping[str, str] | None) -> list[Finding]:
    """Say which carriers can be asked for proofs of delivery, and what of each nobody has tried against the carrier itself."""
    from syncctl.carriers.base import vouched
    from syncctl.carriers.catalog import open_catalog

    try:
        catalog = open_catalog(settings, folder=settings.pod_carrier_dir, environment=environment)
    except SyncError as error:
        return [Finding(what="carriers", ok=False, detail=str(error), exit_code=error.exit_code)]
    return [
        Finding(
            what=f"carrier {name}",
            ok=True,
            detail=f"{vouched(carrier)}{'; asked at its address for trials' if name in catalog.sandboxed else ''}",
        )
        for name, carrier in sorted(catalog.carriers.items())
    ]


def _channels(settings: Settings) -> Iterator[Finding]:
    """Say whether the addresses that messages to people go to make sense. Nothing is sent, and none of them is shown."""
    from syncctl.notify.channels import AppriseChannel, split
    from syncctl.notify.ping import wrong
    from syncctl.notify.ways import Addresses, problem

    urls = settings.notify_client_url
    if urls is not None:
        said = (
            None
            if AppriseChannel(split(urls)).usable()
            else "SYNCCTL_NOTIFY_CLIENT_URL is no address that Apprise knows, such as "
            "mailtos://USER:PASSWORD@mail.example?from=shop@example."
        )
        yield _address("messages to clients", said)
    addresses = Addresses(
        operator=split(settings.notify_operator_url),
        critical=split(settings.alert_critical_url),
        syslog=settings.alert_syslog,
        event_log=settings.alert_event_log,
    )
    for name in addresses.names():
        yield _address(f"messages to operators ({name})", problem(addresses, name))
    if addresses.critical and not addresses.operator:
        said = "SYNCCTL_ALERT_CRITICAL_URL is set and SYNCCTL_NOTIFY_OPERATOR_URL isn't: warnings go to nobody."
        yield Finding(what="alerts", ok=True, warning=True, detail=said)
    if settings.ping_url is not None:
        yield _address("pings of jobs", wrong(settings.ping_url))


def _address(what: str, wrong: str | None) -> Finding:
    if wrong is None:
        return Finding(what=what, ok=True, detail="the address makes sense; nothing was sent to it")
    return Finding(what=what, ok=False, detail=wrong, exit_code=EXIT_CONFIG)
