"""`syncctl config`: what is set and where it comes from, whether it works, and how to change it."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl import log
from syncctl.cli.database import Use
from syncctl.cli.output import table
from syncctl.cli.run import Run, command
from syncctl.cli.told_statuses import require_told
from syncctl.errors import EXIT_CONFIG, EXIT_OK, SyncError, UsageError
from syncctl.private_files import others_may_read
from syncctl.settings import find
from syncctl.settings_load import load, surroundings

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.db.contract import ErpSetting, RetryPolicy
    from syncctl.services.check_config import Finding
    from syncctl.settings import Settings

app = typer.Typer(help="Show, check and change settings, the retry policy and the ERP's site settings.", no_args_is_help=True)
_log = logging.getLogger("syncctl.cli")
policy = typer.Typer(help="How often each class of failure is tried again, and where it leads.", no_args_is_help=True)
erp = typer.Typer(help="Site settings of the ERP side: store, station, number series, document types.", no_args_is_help=True)
app.add_typer(policy, name="policy")
app.add_typer(erp, name="erp")


@command(app, "show", group="config")
def show(
    run: Run,
    names: Annotated[list[str] | None, typer.Argument(help="Settings to show; all where none is named.", metavar="NAME")] = None,
    docs: Annotated[bool, typer.Option("--docs", help="Also tell what each is for and what it takes.")] = False,
) -> None:
    """Show every setting with its value and where that comes from: flag, environment, the profile's file, .env or default.

    Keys and passwords stay hidden.
    """
    settings = run.settings
    wanted = {find(name).name for name in names or []}
    for entry, value, origin in settings.shown():
        if wanted and entry.name not in wanted:
            continue
        item = {"name": entry.variable, "value": value, "origin": origin, "group": entry.group, "secret": entry.secret}
        file = settings.files.get(origin)
        item["file"] = str(file.absolute()) if file else None
        run.report.items.append(item | ({"doc": entry.doc, "accepts": entry.kind.accepts} if docs else {}))
    run.report.counts = {"settings": len(run.report.items)}
    run.report.extra = {"env_file": str(settings.files[".env"].absolute()), "profile": settings.profile}

    def render(console: Console) -> None:
        columns = ["Setting", "Value", "From"] + (["What for", "Takes"] if docs else [])
        keys = ["name", "value", "from"] + (["doc", "accepts"] if docs else [])
        named = {origin: file.name for origin, file in settings.files.items()}
        shown = (item | {"from": named.get(item["origin"], item["origin"])} for item in run.report.items)
        table(console, columns, ([item[key] for key in keys] for item in shown))

    run.render = render


@command(app, "profiles", group="config")
def profiles(run: Run) -> None:
    """List the stores that have a profile, a file .env.NAME beside .env: each with its id, address, database, and what is wrong.

    `--profile NAME` (SYNCCTL_PROFILE) before or behind a command chooses one. A new one is made with `syncctl --profile NAME
    config set store_id …`. Exit 78 where one can't be used.
    """
    from syncctl.profiles import clashes, list_profiles
    from syncctl.secret import without_password
    from syncctl.settings_files import no_profiles

    known = list_profiles(run.env_file)
    for profile in known:
        settings = profile.settings
        others = [other.settings for other in known if other is not profile and other.settings is not None]
        shared = [said for other in others for said in clashes(settings, other)] if settings is not None else []
        fault = " ".join([profile.fault, *shared]).strip()
        item = {
            "profile": profile.name,
            "file": str(profile.file.absolute()),
            "chosen": profile.name == (run.settings.profile or ""),
        }
        if settings is not None:
            item |= {"store_id": settings.store_id, "source": settings.source, "store": settings.store_url}
            item |= {"database": without_password(settings.database)}
        run.report.items.append(item | {"fault": fault or None})
        if fault:
            run.report.add_error(fault, profile=profile.name)
            run.report.exit_code = EXIT_CONFIG
    named = [item for item in run.report.items if item["profile"]]
    run.report.counts = {"profiles": len(named)}

    def render(console: Console) -> None:
        if not named:
            console.print(f"No profiles: no file {run.settings.files['.env'].absolute()}.NAME. One store needs none.")
            return
        rows = (
            [
                item["profile"] or "(none)",
                "*" if item["chosen"] else None,
                *(item.get(key) for key in ("store_id", "source", "store", "database")),
                item["fault"],
            ]
            for item in run.report.items
        )
        table(console, ["Profile", "", "Store id", "Kind", "Store", "Database", "Wrong"], rows)
        for file in no_profiles(run.settings.files[".env"]):
            console.print(f"{file} is no profile: Latin letters, digits, dashes and underscores make a name, 30 at most.")

    run.render = render


@command(app, "check", group="config")
def check(run: Run) -> None:
    """Try what is configured: the settings, the database with its driver, the store with its keys, and the folders.

    Where there are profiles, of each; with `--profile` of that one. Nothing is changed. Exit 0 where all is well, 78 where a
    setting is missing or wrong, 69 where the database or the store doesn't answer.
    """
    from syncctl.profiles import list_profiles
    from syncctl.services.check_config import Finding

    known = [] if run.settings.origin("profile") == "flag" else list_profiles(run.env_file)
    several = any(profile.name for profile in known)
    found: list[Finding] = []
    if not several:
        found = _check_one(run)
    for profile in known if several else ():
        if profile.settings is None:
            wrong = Finding(what="settings", ok=False, detail=profile.fault, exit_code=EXIT_CONFIG)
            found.append(replace(wrong, profile=profile.name))
        else:
            found += [replace(one, profile=profile.name) for one in _check_one(_for_profile(run, profile.settings))]
    run.report.items = list(found)
    run.report.counts = {"checked": len(found), "failed": sum(not item.ok for item in found)}
    for item in found:
        if not item.ok:
            of = f"{item.profile or run.settings.files['.env'].name}: " if several else ""
            run.report.add_error(f"{of}{item.what}: {item.detail}")
    run.report.exit_code = next((item.exit_code for item in found if not item.ok), EXIT_OK)

    def render(console: Console) -> None:
        from rich.text import Text

        marks = {True: Text("ok", "green"), False: Text("wrong", "bold red")}
        warn = Text("warning", "yellow")
        rows = (
            [
                (item.profile or "(none)") if several else None,
                warn if item.warning else marks[item.ok],
                item.what,
                item.detail,
            ]
            for item in found
        )
        table(console, ["Profile", "", "What", "Found"], rows)

    run.render = render


def _for_profile(run: Run, settings: Settings) -> Run:
    """Return a run like this one, for another profile; what is logged meanwhile hides its secrets, too."""
    for handler in logging.getLogger(log.ROOT).handlers:
        handler.addFilter(log.Redaction(settings.secrets()))
    return replace(run, settings=settings, _own=None, _connected=False)


def _check_one(run: Run) -> list[Finding]:
    """Try what is configured for one store."""
    from syncctl.services.check_config import check_config

    found = check_config(
        run.settings,
        connect=run.connect,
        describe_database=lambda: _describe(run.settings.database),
        open_store=run.open_store,
        environment=surroundings(run.env_file, run.settings.profile),
        private=_private_files(run),
        clock=run.clock,
    )
    redaction = log.Redaction(run.settings.secrets())
    return [replace(one, detail=redaction.clean(one.detail)) for one in found]


def _private_files(run: Run) -> list[Path]:
    """The files with keys and customers' data that this run reads."""
    from syncctl.db.connect import embedded_path, is_embedded

    database = run.settings.database
    files = [file.absolute() for file in run.settings.files.values()]
    return [*files, embedded_path(database).absolute()] if is_embedded(database) else files


def _describe(database: str) -> str:
    """Name the file, or the server with the ODBC driver that reached it; nothing secret."""
    from syncctl.db.connect import embedded_path, is_embedded

    if is_embedded(database):
        return f"embedded database {embedded_path(database).absolute()}"
    from syncctl.db.odbc import complete, describe, parts

    full = complete(database)
    return f"{describe(full)} through {parts(full).get('DRIVER', 'the data source of that name')}"


@command(app, "set", group="config", use=Use(writes_settings=True))
def set_value(
    run: Run,
    name: Annotated[str, typer.Argument(help="The setting, with or without SYNCCTL_, in either case.")],
    value: Annotated[
        str | None,
        typer.Argument(
            help="Its value. Empty takes the setting out of the file, - reads it from standard input; left out, it is asked for."
        ),
    ] = None,
) -> None:
    """Change one setting in the .env file, or with --profile in that profile's. The value is checked first.

    A file that is missing is made, readable by this account only.

    Give a key or password by leaving the value out, or as - through standard input: what is typed as an argument stays in the
    shell's history.
    """
    import os

    from syncctl.env_file import write_setting

    entry = find(name)
    files = run.settings.files
    path = files[".env"] if entry.name == "profile" else files.get("profile", files[".env"])
    if entry.name == "profile" and run.settings.origin("profile") == "flag":
        own = files["profile"].name
        raise UsageError(f"{own} is a profile's file: which profile counts is said in .env, in the environment or by --profile.")
    made = not path.exists()
    write_setting(path, entry, _read_value(entry.variable) if value in (None, "-") else value or "")
    if others_may_read(path):
        _log.warning("%s can be read by other accounts of this host: `chmod 600 %s`", path.absolute(), path.absolute())
    overridden = next((found for found in (entry.variable, entry.bare) if found and os.environ.get(found, "").strip()), None)
    if made and "profile" in files:
        run.output.remark(f"Made the profile {run.settings.profile}.")
    still = _still_wrong(run)
    item = {"name": entry.variable, "file": str(path.absolute()), "overridden_by": overridden, "still_wrong": still or None}
    run.report.items = [item]
    run.report.counts = {"changed": 1}

    def render(console: Console) -> None:
        console.print(
            f"{entry.variable} is set in {path.absolute()}." if value != "" else f"{entry.variable} is out of {path.absolute()}."
        )
        if overridden:
            console.print(f"The environment has {overridden} too, and that counts.")
        if still:
            console.print(f"Not right yet: {still}")

    run.render = render


def _still_wrong(run: Run) -> str:
    """Say what of the settings keeps other commands from working, now that one is written; empty where nothing does."""
    try:
        load({"profile": run.settings.profile} if run.settings.origin("profile") == "flag" else {}, env_file=run.env_file)
    except SyncError as error:
        return str(error)
    return ""


def _read_value(variable: str) -> str:
    """Read a value that should stand in no history: unseen on a terminal, else the first line of standard input."""
    if sys.stdin is not None and sys.stdin.isatty():
        import getpass

        return getpass.getpass(f"{variable}: ")
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line.strip():
        raise UsageError(f"No value for {variable}: give it as an argument, or with - through standard input.")
    return line.strip()


@command(policy, "list", group="config policy")
def list_policies(run: Run) -> None:
    """Show how each class of failure is treated: attempts in all, the wait before the next, where it leads in the end."""
    from syncctl.db.contract import ListRetryPolicies

    _show_policies(run, run.send(ListRetryPolicies()))


@command(policy, "set", group="config policy")
def set_policy(
    run: Run,
    error_class: Annotated[str, typer.Argument(help="The class of failure, as `config policy list` names it.", metavar="CLASS")],
    max_attempts: Annotated[
        int | None, typer.Option("--max-attempts", min=1, max=1000, help="Attempts in all, across runs.")
    ] = None,
    backoff_seconds: Annotated[
        int | None, typer.Option("--backoff", min=0, help="Seconds before the next run tries again.")
    ] = None,
    backoff_factor: Annotated[
        int | None, typer.Option("--factor", min=1, max=100, help="Each further wait is so many times as long.")
    ] = None,
    backoff_cap_seconds: Annotated[
        int | None, typer.Option("--cap", min=0, help="No wait is longer than so many seconds.")
    ] = None,
    destination: Annotated[
        str | None,
        typer.Option("--destination", help="retry: again until the attempts are used up, then review; review: at once."),
    ] = None,
) -> None:
    """Change how one class of failure is treated, for every host on this database. What isn't named stays as it is."""
    from syncctl.db.contract import SetRetryPolicy

    changed = SetRetryPolicy(
        error_class=error_class,
        max_attempts=max_attempts,
        backoff_seconds=backoff_seconds,
        backoff_factor=backoff_factor,
        backoff_cap_seconds=backoff_cap_seconds,
        destination=destination,
    )
    _show_policies(run, run.send(changed))


def _show_policies(run: Run, rows: list[RetryPolicy]) -> None:
    run.report.items = list(rows)
    run.report.counts = {"policies": len(rows)}
    columns = ["Class", "Attempts>", "Back-off s>", "Factor>", "Cap s>", "Leads to", "What it is"]
    run.render = lambda console: table(
        console,
        columns,
        (
            [
                row.error_class,
                row.max_attempts,
                row.backoff_seconds,
                row.backoff_factor,
                row.backoff_cap_seconds,
                row.destination,
                row.descr,
            ]
            for row in rows
        ),
    )


@command(erp, "list", group="config erp")
def list_erp(run: Run) -> None:
    """Show the ERP's site settings, which every host on this database shares."""
    from syncctl.db.contract import ListErpSettings

    _show_erp(run, run.send(ListErpSettings()))


@command(erp, "set", group="config erp")
def set_erp(
    run: Run,
    name: Annotated[str, typer.Argument(help="The site setting, as `config erp list` names it.")],
    value: Annotated[str, typer.Argument(help="Its value; empty clears it.")],
) -> None:
    """Change one of the ERP's site settings. It counts from the next order on."""
    from syncctl.db.contract import SetErpSetting

    if name.upper() == "APPLIED_STATUS" and value:
        require_told(run, value, plugin=False)
    _show_erp(run, run.send(SetErpSetting(setting_name=name.upper(), value=value or None)))


@command(erp, "column", group="config erp", use=Use(any_version=True))
def give_erp_column(
    run: Run,
    column: Annotated[str, typer.Argument(help="The column, as TABLE.COLUMN.")],
    value: Annotated[
        str | None, typer.Argument(help="What goes into it with every web order. Left out: nothing does any more.")
    ] = None,
) -> None:
    """Say what goes into a column of the ERP's that must be given and that nothing in an order fills.

    `db deploy` and `db check` name such columns. The next `db deploy` writes the value into the procedures. For a SQL Server, as
    an owner of the database.
    """
    from syncctl.cli.db import require_server
    from syncctl.services.database import give_erp_column as give

    require_server(run)
    given = give(run.database, column, value)
    run.report.items = [{"column": name, "value": written} for name, written in sorted(given.items())]
    run.report.counts = {"columns": len(given)}

    def render(console: Console) -> None:
        if given:
            table(console, ["Column", "Value"], ([name, written] for name, written in sorted(given.items())))
        console.print("The next `syncctl db deploy` writes this into the procedures.")

    run.render = render


@command(erp, "statuses", group="config erp")
def list_statuses(run: Run) -> None:
    """Show which status the store gets when an ERP document is open, shipped, closed or gone; `sync-status` goes by it.

    `syncctl map status` changes it. A row with a store's own id goes before one with *, and an empty status tells the store
    nothing.
    """
    from syncctl.db.contract import ListStatusMap

    rows = run.send(ListStatusMap())
    run.report.items = list(rows)
    run.report.counts = {"statuses": len(rows)}
    run.render = lambda console: table(
        console, ["Store", "In the ERP", "In the store"], ([row.store_id, row.erp_status, row.woo_status] for row in rows)
    )


def _show_erp(run: Run, rows: list[ErpSetting]) -> None:
    run.report.items = list(rows)
    run.report.counts = {"settings": len(rows)}
    run.render = lambda console: table(
        console, ["Setting", "Value", "What for"], ([row.name, row.value, row.fault or row.descr] for row in rows)
    )
