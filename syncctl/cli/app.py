"""The command line: the program's own options, its commands, and what happens to an error nobody else took.

A command's module is imported when the command is called, or shown: schedulers start this every minute.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from syncctl import __version__
from syncctl.cli.help import PlainGroup, make_plain
from syncctl.cli.orders import LARGEST_ID
from syncctl.cli.output import Output, Report
from syncctl.cli.run import COMMON, Common, new_run_id
from syncctl.cli.streams import told
from syncctl.clock import system_clock
from syncctl.errors import EXIT_CONFIG, EXIT_OK, EXIT_SIGINT, EXIT_SOME_FAILED, EXIT_USAGE
from syncctl.setting_kinds import is_text

_BETWEEN_COLLECTIONS = 20_000
"""New objects that may refer to one another, until Python looks for those that nothing else refers to."""

HOMES = {
    "stage": "stage.app",
    "validate": "validate.app",
    "process": "process.app",
    "retry-failed": "process.app",
    "sync-status": "sync_status.app",
    "dead-letter": "dead_letter.app",
    "customers": "customers.app",
    "map": "maps.app",
    "stock": "stock.app",
    "price": "price.app",
    "item": "item.app",
    "rollback": "rollback.app",
    "trace": "trace.app",
    "health": "health.app",
    "report": "report.app",
    "status": "status.app",
    "stats": "stats.app",
    "alerts": "alerts.app",
    "write-back": "write_back.app",
    "pod-fetch": "pod.jobs",
    "pod-retry": "pod.jobs",
    "pod": "pod.app",
    "db": "db.app",
    "schedule": "schedule.app",
    "config": "config.app",
    "completion": "completion.app",
    "demo": "demo.app",
}
"""Command or group, in the order of the help → the module that declares it, and the Typer there."""
GROUPS = ("alerts", "dead-letter", "customers", "map", "stock", "price", "item", "write-back", "pod", "db", "schedule", "config")
ADDED = {
    "customers": ("customer_queues",),
    "db": ("purge", "backup"),
    "schedule": ("schedule_run",),
    "config": ("config_erp",),
}
"""Group → the modules that add commands to it."""


class Program(PlainGroup):
    """The program: it knows its commands by name, and imports one when asked for it."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = dict.fromkeys(HOMES)  # type: ignore[assignment]  # names alone, for the help's order and for "did you mean"

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """See Click: the command, or None where there is none of that name."""
        if cmd_name in HOMES and self.commands[cmd_name] is None:
            self.commands.update(typer.main.get_group(_new_app(cmd_name)).commands)
        return self.commands.get(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """See Click: the help, with where the guides lie. That is looked for here alone, and not by each command's start."""
        epilog, self.epilog = self.epilog, f"{self.epilog}{_where_guides_lie()}"
        try:
            super().format_help(ctx, formatter)
        finally:
            self.epilog = epilog


_LONGEST_ARGUMENT = 4096
_SHOWN_VALUE = 40
"""Characters of a wrong value that are repeated to the person who typed it."""


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"syncctl {__version__}\n")
        raise typer.Exit


def _root(
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001
        bool, typer.Option("--version", help="Print the version and end.", metavar="", callback=_version, is_eager=True)
    ] = False,
    **common: Any,
) -> None:
    ctx.obj = Common(**common)


def _declare_root() -> None:
    """Give the program itself the options that every command takes, so that they may stand before the command too."""
    import inspect

    own = [item for item in inspect.signature(_root, eval_str=True).parameters.values() if item.name != "common"]
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in COMMON.items()
    ]
    _root.__signature__ = inspect.Signature([*own, *shared])  # type: ignore[attr-defined]
    _root.__annotations__ = {item.name: item.annotation for item in (*own, *shared)}


_declare_root()


def _new_app(*names: str) -> typer.Typer:
    """Make the program's Typer with these commands and groups."""
    app = typer.Typer(
        name="syncctl",
        help="Moves orders between an online store and an ERP on SQL Server, safely, on a schedule.",
        epilog="Exit codes: 0 done or nothing to do, 1 some rows failed, 2 usage, 69 database or store unavailable, "
        "75 already running, 78 bad configuration, 130 and 143 stopped by a signal.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 120},
    )
    app.callback()(_root)
    first = {home: name for name, home in reversed(HOMES.items()) if name in names}  # of the commands that share a home
    for home, name in reversed(first.items()):
        module, attribute = home.split(".")
        declared = import_module(f"syncctl.cli.{module}")
        for added in ADDED.get(name, ()):
            import_module(f"syncctl.cli.{added}")
        app.add_typer(getattr(declared, attribute), name=name if name in GROUPS else None)
    make_plain(app)
    return app


def whole_app() -> typer.Typer:
    """Return the program's Typer with every command, as the reference of commands reads it."""
    return _new_app(*HOMES)


@cache
def _program() -> Callable[..., Any]:
    """Put the commands together, once for a process: that takes longer than most of them."""
    app = _new_app()
    app.info.cls = Program
    return typer.main.get_group(app)


def _where_guides_lie() -> str:
    """Name the folder of the guides that messages speak of: the checkout's, or the one that was installed with the program."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "docs", package / "_data" / "docs"):
        if (folder / "OPERATIONS_RUNBOOK.md").is_file():
            named = str(folder).replace("[", r"\[")  # no markup
            return f"\n\nThe guides (docs/…) lie in {named}."
    return ""


def run_app(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    # A page of orders is thousands of lists and objects, none of which refers back: Python's own limit of 700 has it look through
    # all of them time and again, a tenth of a poll's time.
    gc.set_threshold(_BETWEEN_COLLECTIONS, 20, 100)
    unwritten = EXIT_CONFIG
    if _for_monitoring(arguments):
        from syncctl.cli.health import NAGIOS

        unwritten = NAGIOS["unknown"]
    return told(lambda: _run(arguments), unwritten=unwritten)


def _for_monitoring(arguments: Sequence[str]) -> bool:
    """Tell whether this is the plugin that promises 0 to 3."""
    return "health" in arguments and "--nagios" in arguments


def _run(arguments: Sequence[str]) -> int:
    if "_SYNCCTL_COMPLETE" in os.environ:  # a shell asks what could stand here
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    try:
        _require_text(arguments)
        code = _program()(list(arguments), prog_name="syncctl", standalone_mode=False)
    except KeyboardInterrupt:
        return EXIT_SIGINT
    except SystemExit as end:  # a shell has been told what could stand here
        return end.code if isinstance(end.code, int) else EXIT_OK
    except typer.Abort:
        return EXIT_SOME_FAILED
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        return _usage_error(error, arguments)
    return code if isinstance(code, int) else EXIT_OK


class _OddArgumentError(Exception):
    """An argument that no command can do anything with."""

    def format_message(self) -> str:
        """See Click: what is wrong."""
        return str(self)


def _require_text(arguments: Sequence[str]) -> None:
    """Refuse what is no text, and what is longer than any name, path or reason, before it gets anywhere."""
    for number, argument in enumerate(arguments, start=1):
        if len(argument) > _LONGEST_ARGUMENT:
            raise _OddArgumentError(f"Argument {number} is {len(argument):,} characters long; {_LONGEST_ARGUMENT:,} are the most")
        if not is_text(argument):
            raise _OddArgumentError(f"Argument {number} is no text: it holds a NUL or bytes that are no UTF-8")


def _wrong_value(error: Any) -> str | None:
    """Say what a number on the command line should be, in our words; None where something else is wrong."""
    parameter, cause = getattr(error, "param", None), error.__cause__
    if parameter is None or not hasattr(cause, "errors"):
        return None
    found = cause.errors()[0]
    if not str(found.get("type")).startswith(("int_", "greater_", "less_")):
        return None
    least, most = getattr(parameter, "min", None), getattr(parameter, "max", None)
    if most is not None and most >= LARGEST_ID and not str(found["type"]).startswith("less_"):
        least, most = least if str(found["type"]).startswith("greater_") else None, None  # as good as none
    span = (f" from {least}" if least is not None else "") + (f" to {most}" if most is not None else "")
    name = max(parameter.opts, key=len) if parameter.param_type_name == "option" else parameter.metavar or parameter.name
    given = str(found.get("input"))
    shown = given if len(given) <= _SHOWN_VALUE else f"{given[:_SHOWN_VALUE]}…"
    number = "; an order's number goes with --order" if name == "ID" and given.startswith("#") else ""
    return f"{name} is '{shown}', but takes a whole number{span}{number}"


def _usage_error(error: Any, arguments: Sequence[str]) -> int:
    """Say what is wrong with the command line, in one line and, where asked for, in JSON."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stdout.write(f"{error.format_message()}\n".lstrip("\n"))
        return EXIT_USAGE
    path = context.command_path if context else "syncctl"
    message = f"{_wrong_value(error) or error.format_message().rstrip('.')}. `{path} --help` tells more."
    report = Report(path.removeprefix("syncctl").strip(), new_run_id(system_clock), system_clock(), exit_code=EXIT_USAGE)
    report.add_error(message, type="UsageError")
    from syncctl.cli import health

    # Monitoring reads 2 as CRITICAL: a plugin that can't look says UNKNOWN.
    render = health.unable(report, {"nagios": _for_monitoring(arguments)})
    Output(as_json="--json" in arguments).show(report, render)
    return report.exit_code
