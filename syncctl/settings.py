"""Every setting, once: its name, type, default, what it accepts and what it is for.

A value comes from the command line, else from the environment, else from the profile's file (`.env.NAME`), else from `.env`,
else it is the default; `origin` tells which. `SYNCCTL_WOO_URL` is the field `woo_url`, and so for all. `config show`, the
options' help texts, `docs/SETTINGS.md` and the error messages are made from the table below.
"""

# ruff: noqa: RUF009  (setting calls dataclasses.field)

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from syncctl.errors import ConfigError, UsageError
from syncctl.secret import Secret, passwords_in, without_password
from syncctl.setting_kinds import (
    DATABASE,
    FILE,
    FLAG,
    FOLDER,
    SECRET,
    STORE_ID,
    TIMEZONE,
    URL,
    WRITTEN,
    Kind,
    choice,
    data_folder,
    decimal,
    integer,
    setting,
    text,
    words,
)
from syncctl.settings_files import ENV_FILE, PROFILE, PROFILE_TAKES, profile_names
from syncctl.settings_pod import PodSettings

PREFIX = "SYNCCTL_"

STORE_KEYS = {
    "woocommerce": ("woo_url", "woo_consumer_key", "woo_consumer_secret"),
    "shopify": ("shopify_url", "shopify_token"),
}

Origin = Literal["flag", "environment", "profile", ".env", "default"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the settings table. `bare` is a documented name without prefix that is accepted too."""

    name: str
    """The field of `Settings`."""
    group: str
    kind: Kind
    default: Any
    doc: str
    bare: str | None = None

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()

    @property
    def secret(self) -> bool:
        """True where the value is never shown."""
        return self.kind is SECRET

    def show(self, value: object) -> str:
        """Return the value as a person may see it."""
        if value is None or value == ():
            return ""
        if self.kind is DATABASE:
            return without_password(str(value))
        if self.kind is FLAG:
            return "true" if value else "false"
        return ",".join(value) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(PodSettings):
    """The settings of one run, checked. `Settings()` holds the defaults; `settings_load.load` reads all the sources."""

    database: str = setting(
        "Database",
        DATABASE,
        lambda: f"sqlite:///{(data_folder() / 'syncctl.db').as_posix()}",
        "Where staging, work and (in a trial) the ERP live: a SQL Server by its ODBC connection string, or a file.",
    )
    erp: str = setting(
        "Database",
        choice("counterpoint", "rms"),
        "counterpoint",
        "Which ERP a new database is made for: CounterPoint, or Microsoft RMS. One that is there already keeps its own.",
    )
    database_login_timeout: int = setting("Database", integer(1, 600), 15, "Seconds to wait for the SQL Server to let us in.")
    database_query_timeout: int = setting(
        "Database",
        integer(1, 3600),
        60,
        "Seconds a procedure may take; the embedded database waits this long for its turn.",
    )

    profile: str | None = setting(
        "Store",
        text(PROFILE_TAKES, pattern=PROFILE.pattern),
        None,
        "Of several stores, the one that this run is for: with NAME the file .env.NAME is read, too, and counts before .env.",
    )
    store_id: str = setting(
        "Store",
        text("Latin letters, digits, dots, dashes and underscores, at most 50", pattern=STORE_ID),
        "woocommerce",
        "A name for the store; its orders carry it. Choose it once, and another for each further store on the same database.",
    )
    org_id: str | None = setting(
        "Store",
        text("Latin letters, digits, dots, dashes and underscores, at most 50", pattern=STORE_ID),
        None,
        "The organisation that the queues of customers belong to; unset: the store's name. No command reaches another's.",
    )
    woo_url: str | None = setting("Store", URL, None, "The WooCommerce store's address.")
    woo_consumer_key: Secret | None = setting("Store", SECRET, None, "The REST API key (ck_…), one that may read and write.")
    woo_consumer_secret: Secret | None = setting("Store", SECRET, None, "The REST API key's secret (cs_…).")
    woo_webhook_secret: Secret | None = setting(
        "Store", SECRET, None, "The secret with which WooCommerce signs webhooks (`stage --payload`); each webhook has its own."
    )
    woo_ca_bundle: Path | None = setting(
        "Store", FILE, None, "A PEM file of the authority that signed the store's certificate, where that is a private one."
    )
    woo_auth_in_query: bool = setting(
        "Store", FLAG, False, "Send the keys in the query string, for servers that drop the Authorization header. HTTPS only."
    )
    woo_connections: int = setting(
        "Store",
        integer(1, 16),
        4,
        "Requests for orders, and notes to them, that may be under way in the store at once; fewer where it answers 429, 503 or "
        "more slowly. A shop has 2 to 5 PHP workers, which its visitors need, too. 1: one after the other.",
    )
    woo_create_statuses: tuple[str, ...] = setting(
        "Store",
        words("store statuses between commas, such as processing,completed"),
        ("processing", "completed"),
        "An order enters the ERP when its status is one of these. Others are seen, and skipped until their status changes. "
        "With on-hold, bank transfers enter it while they are unpaid, and stay on-hold in the store.",
    )
    write_back_status: bool = setting(
        "Store",
        FLAG,
        True,
        "Whether an order's status in the store is changed, and only ever one that is paid and waits to be fulfilled: a change "
        "can mail the customer and set dates. off: note and tag alone.",
    )
    http_connect_timeout: int = setting("Store", integer(1, 600), 10, "Seconds to wait for a connection to the store.")
    http_read_timeout: int = setting(
        "Store", integer(1, 3600), 60, "Seconds to wait for the store's answer to begin, and for each part of it."
    )
    http_answer_timeout: int = setting(
        "Store",
        integer(1, 3600),
        120,
        "Seconds that a whole answer may take, the store's, a carrier's or a channel's; then it is given up.",
    )
    http_max_megabytes: int = setting(
        "Store",
        integer(1, 1024),
        64,
        "The largest answer of the store that is read, unpacked. One that would take a quarter more in memory is refused, too.",
    )

    enable_order_polling: bool = setting("Polling", FLAG, True, "Whether `stage` polls the store when it runs.", bare=True)
    enable_webhooks: bool = setting(
        "Polling",
        FLAG,
        False,
        "Whether `stage --payload` takes webhooks' bodies, as a backup beside polling. off: it reads none.",
        bare=True,
    )
    order_polling_interval_minutes: int = setting(
        "Polling", integer(1, 1440), 10, "How often the scheduler polls; health and status tell time by it.", bare=True
    )
    order_polling_lookback_minutes: int = setting(
        "Polling",
        integer(0, 525_600),
        15,
        "Overlap in minutes: how long before the last poll's end the next one starts. On the first run, how far back it looks.",
        bare=True,
    )
    order_polling_batch_size: int = setting(
        "Polling", integer(1, 250), 50, "Orders asked for at a time; WooCommerce gives 100 at most.", bare=True
    )
    order_polling_max_pages: int = setting(
        "Polling", integer(1, 10_000), 10, "Pages in one run; where there are more, the next run goes on from there.", bare=True
    )

    erp_currency: str = setting(
        "ERP",
        text("a currency's three capital letters, such as USD", pattern="[A-Z]{3}"),
        "USD",
        "The ERP's currency; an order in another goes to review.",
    )
    erp_timezone: ZoneInfo = setting(
        "ERP", TIMEZONE, lambda: ZoneInfo("UTC"), "The time zone in which the ERP writes its local dates (ticket dates)."
    )
    unknown_customer: Literal["review", "create", "guest"] = setting(
        "ERP",
        choice("review", "create", "guest"),
        "review",
        "A customer the ERP doesn't know: stop the order for review, create the customer, or book on the guest account.",
    )
    guest_cust_no: str | None = setting(
        "ERP",
        text("a customer number, at most 15 characters", longest=15),
        None,
        "The guest account's CUST_NO (SYNCCTL_UNKNOWN_CUSTOMER=guest).",
    )
    price_check: Literal["off", "warning", "error"] = setting(
        "ERP",
        choice("off", "warning", "error"),
        "warning",
        "Whether a price that differs from the ERP's own is a warning or an error.",
    )
    price_tolerance: Decimal = setting(
        "ERP",
        decimal("0", "10", " (a fraction: 0.05 is 5 %)"),
        Decimal(0),
        "How far a price may be from the ERP's own, as a fraction.",
    )

    max_retries: int = setting("Work", integer(1, 100), 3, "Attempts at one order in a run, the first one included.", bare=True)
    retry_delay_base: int = setting(
        "Work", integer(0, 3600), 2, "Seconds before the second attempt; each further wait is twice as long.", bare=True
    )
    lease_seconds: int = setting(
        "Work",
        integer(1, 86_400),
        300,
        "How long an order, message or customer belongs to a worker that says nothing; then another may take it.",
    )
    breaker_threshold: int = setting(
        "Work",
        integer(1, 1000),
        3,
        "A run stops after so many failures in a row to reach the database or the store, so as to burn no attempts.",
    )

    log_dir: Path = setting("Files", FOLDER, lambda: data_folder() / "logs", "Where log files go, one for each command and day.")
    log_days: int = setting("Files", integer(1, 3650), 30, "Days after which a log file is deleted.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = setting(
        "Files", choice("DEBUG", "INFO", "WARNING", "ERROR"), "INFO", "How much the log files tell."
    )
    log_format: Literal["text", "json"] = setting(
        "Files",
        choice("text", "json"),
        "text",
        "How the log files are written: for people, or a JSON object a line for programs.",
    )
    log_personal: bool = setting(
        "Files",
        FLAG,
        False,
        "Whether log files, the report and alerts repeat customers' names, addresses and e-mail addresses. off: no more of an "
        "e-mail address than tells two apart, and nothing of a name.",
    )
    report_file: Path = setting(
        "Files",
        WRITTEN,
        lambda: data_folder() / "report.html",
        "The page that `report` writes, such as one on an intranet share.",
    )
    lock_dir: Path = setting(
        "Files",
        FOLDER,
        lambda: data_folder() / "locks",
        "Where lock files lie, which keep a job from running twice at once. Run all jobs of a host under one account.",
    )

    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)
    files: Mapping[Origin, Path] = field(default_factory=dict, compare=False, repr=False)
    """The file that each origin stands for: `.env`, and `profile` where there is one."""
    unknown: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """One sentence for each SYNCCTL_ name that is none of ours: a slip of the pen, most likely."""

    def where(self, name: str) -> str:
        """Tell where a setting's value came from in a person's words: a profile's by its file's name."""
        origin = self.origin(name)
        return self.files[origin].name if origin == "profile" else origin

    def origin(self, name: str) -> Origin:
        """Tell where a setting's value came from."""
        return self.origins.get(name, "default")

    def need(self, *names: str) -> None:
        """Raise one ConfigError that names each of these settings that has no value."""
        missing = [entry for entry in TABLE if entry.name in names and getattr(self, entry.name) in (None, ())]
        if missing:
            said = " ".join(f"{entry.variable} is not set: {entry.doc}" for entry in missing)
            chosen = f"--profile {self.profile} " if self.profile else ""
            others = profile_names(self.files[".env"]) if ".env" in self.files and not self.profile else []
            either = f" Or choose a store with --profile: {', '.join(others)}." if others else ""
            raise ConfigError(f"{said} Set it in the environment or in {self.own_file} (`syncctl {chosen}config set`).{either}")

    @property
    def own_file(self) -> str:
        """The name of the file in which this run's store is set."""
        path = self.files.get("profile") or self.files.get(".env")
        return path.name if path else ENV_FILE

    @property
    def store_keys(self) -> tuple[str, ...]:
        """The settings without which the store can't be asked."""
        return STORE_KEYS[self.source]

    @property
    def store_url(self) -> str | None:
        """The store's address; None where none is set."""
        return self.shopify_url if self.source == "shopify" else self.woo_url

    @property
    def create_statuses(self) -> tuple[str, ...]:
        """The statuses in which an order enters the ERP."""
        return self.allowed_order_financial_statuses if self.source == "shopify" else self.woo_create_statuses

    @property
    def create_variable(self) -> str:
        """The setting that names them."""
        return "SYNCCTL_ALLOWED_ORDER_FINANCIAL_STATUSES" if self.source == "shopify" else "SYNCCTL_WOO_CREATE_STATUSES"

    def secrets(self) -> list[str]:
        """Return every text that must never be shown, for the log's filter."""
        held = [value.reveal() for entry in TABLE if isinstance(value := getattr(self, entry.name), Secret)]
        held += [
            part for secret in held if len(parts := secret.split()) > 1 for part in parts
        ]  # several addresses in one setting
        return [secret for secret in held + passwords_in(self.database) if secret]

    def shown(self) -> Iterator[tuple[Entry, str, Origin]]:
        """Give each setting with its value as a person may see it, and where that came from."""
        for entry in TABLE:
            value = getattr(self, entry.name)
            yield entry, ("set" if value else "not set") if entry.secret else entry.show(value), self.origin(entry.name)


def _rows() -> Iterator[Entry]:
    defaults = Settings()
    later = {row.name for row in fields(PodSettings)}  # and of what that one is made of
    for row in sorted(fields(Settings), key=lambda row: row.name in later):
        if row.metadata:
            described = row.metadata
            bare = row.name.upper() if described["bare"] else None
            yield Entry(row.name, described["group"], described["kind"], getattr(defaults, row.name), described["doc"], bare)


TABLE: tuple[Entry, ...] = tuple(_rows())
"""Every setting, in the order in which a person should meet them."""
BY_NAME: Mapping[str, Entry] = MappingProxyType({entry.name: entry for entry in TABLE})


def find(name: str) -> Entry:
    """Return the setting of that name: field, variable or documented bare name, in either case.

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    wanted = name.strip().upper().removeprefix(PREFIX)
    for entry in TABLE:
        if entry.name.upper() == wanted:
            return entry
    raise UsageError(f"There is no setting {name!r}.{nearest(wanted)} `syncctl config show` lists them all.")


def nearest(name: str) -> str:
    """Return the question whether the setting was meant whose name is nearest; empty where none is near."""
    near = difflib.get_close_matches(name, [entry.name.upper() for entry in TABLE], n=1, cutoff=0.6)
    return f" Did you mean {PREFIX}{near[0]}?" if near else ""
