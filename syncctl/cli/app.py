"""The command line: the program's own options, its commands, and what happens to an error nobody else took."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Any

import typer

from syncctl import __version__
from syncctl.cli import (
    config,
    config_erp as config_erp,  # gives its commands to `config erp`
    db,
    dead_letter,
    demo,
    health,
    maps,
    pod,
    process,
    purge,  # noqa: F401  (adds `db purge` to db)
    rollback,
    stage,
    sync_status,
    trace,
    validate,
    write_back,
)
from syncctl.cli.help import make_plain
from syncctl.cli.orders import LARGEST_ID
from syncctl.cli.output import Output, Report
from syncctl.cli.run import COMMON, Common, new_run_id
from syncctl.cli.streams import safe_streams
from syncctl.clock import system_clock
from syncctl.errors import EXIT_CONFIG, EXIT_OK, EXIT_SIGINT, EXIT_SOME_FAILED, EXIT_USAGE
from syncctl.setting_kinds import is_text

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
    app.callback()(_root)


_declare_root()
for _module in (stage, validate, process, sync_status):
    app.add_typer(_module.app)
app.add_typer(dead_letter.app, name="dead-letter")
app.add_typer(maps.app, name="map")
for _module in (rollback, trace, health):
    app.add_typer(_module.app)
app.add_typer(write_back.app, name="write-back")
app.add_typer(pod.jobs)
app.add_typer(pod.app, name="pod")
app.add_typer(db.app, name="db")
app.add_typer(config.app, name="config")
app.add_typer(demo.app)

make_plain(app)


@cache
def _program() -> Callable[..., Any]:
    """Put the commands together, once for a process: that takes longer than most of them."""
    return typer.main.get_command(app)


def run_app(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    with safe_streams() as (out, err):
        code = _run(arguments)
        out.flush()
        if out.error is not None:
            err.write(f"syncctl: The result can't be written to stdout: {out.error.strerror or out.error}.\n")
            return code or (health.NAGIOS["unknown"] if _for_monitoring(arguments) else EXIT_CONFIG)
        return code


def _for_monitoring(arguments: Sequence[str]) -> bool:
    """Tell whether this is the plugin that promises 0 to 3."""
    return "health" in arguments and "--nagios" in arguments


def _run(arguments: Sequence[str]) -> int:
    try:
        _require_text(arguments)
        code = _program()(list(arguments), prog_name="syncctl", standalone_mode=False)
    except KeyboardInterrupt:
        return EXIT_SIGINT
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
    # Monitoring reads 2 as CRITICAL: a plugin that can't look says UNKNOWN.
    render = health.unable(report, {"nagios": _for_monitoring(arguments)})
    Output(as_json="--json" in arguments).show(report, render)
    return report.exit_code
