"""Write docs/CLI.md and docs/SETTINGS.md from the program itself; with `--check`, only say whether they are up to date."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import typer
from typer.models import ArgumentInfo

from syncctl.cli.app import whole_app
from syncctl.cli.run import COMMON_PANEL
from syncctl.setting_kinds import data_folder
from syncctl.settings import TABLE

DOCS = Path(__file__).resolve().parent.parent / "docs"
_GENERATED = "<!-- Written by scripts/cli_reference.py from the program's own help. -->"


def main(arguments: list[str]) -> int:
    """Write the files, or compare them."""
    stale = [path for path, text in pages().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if "--check" in arguments:
        for path in stale:
            print(f"{path} is out of date: run python scripts/cli_reference.py")
        return 1 if stale else 0
    DOCS.mkdir(exist_ok=True)
    for path in stale:
        path.write_text(pages()[path], encoding="utf-8")
        print(f"wrote {path}")
    return 0


def pages() -> dict[Path, str]:
    """Return each file with the text it should have."""
    return {DOCS / "CLI.md": cli_page(), DOCS / "SETTINGS.md": settings_page()}


@dataclass(frozen=True)
class Parameter:
    """An argument or option as a person types it."""

    names: tuple[str, ...]
    value: str
    """What stands for its value; empty for a switch."""
    help: str
    required: bool
    many: bool
    argument: bool
    common: bool

    @classmethod
    def of(cls, declared: inspect.Parameter) -> Parameter:
        """Read a parameter of a command's function."""
        kind, info = get_args(declared.annotation)[:2]
        argument = isinstance(info, ArgumentInfo)
        first = [info.default] if isinstance(info.default, str) else []  # where Typer keeps the first name given
        required = declared.default is inspect.Parameter.empty
        shown = getattr(declared.default, "value", declared.default)
        default = f" Default: {shown}." if not required and info.show_default and shown not in (None, False, "") else ""
        return cls(
            names=(*first, *(info.param_decls or ())) or (f"--{declared.name.replace('_', '-')}",),
            value=info.metavar if info.metavar is not None else declared.name.upper() if argument else _type_name(kind),
            help=_without_folder(f"{info.help or ''}{default}"),
            required=required,
            many="list[" in str(kind),
            argument=argument,
            common=getattr(info, "rich_help_panel", None) == COMMON_PANEL,
        )


def commands(node: typer.Typer | None = None, prefix: str = "syncctl") -> Iterator[tuple[str, str, list[Parameter]]]:
    """Give every command by its full name, with its help and parameters, in the order of the program's help."""
    node = node or whole_app()
    for command in node.registered_commands:
        assert command.callback  # noqa: S101
        declared = list(inspect.signature(command.callback).parameters.values())[1:]
        yield f"{prefix} {command.name}", command.help or "", [Parameter.of(each) for each in declared]
    for group in node.registered_groups:
        assert group.typer_instance  # noqa: S101
        yield from commands(group.typer_instance, f"{prefix} {group.name}" if isinstance(group.name, str) else prefix)


def cli_page() -> str:
    """Return the command reference."""
    app = whole_app()
    all_commands = list(commands())
    parts = [
        _GENERATED,
        "# Commands",
        f"{app.info.help} {app.info.epilog}",
        "Every command takes these options, before or after its name:",
        _options([parameter for parameter in all_commands[0][2] if parameter.common]),
        "Where an option stands for a setting, its variable is named beside it: the option counts before the environment, "
        "that before the profile's file and `.env`, those before the default. [SETTINGS.md](SETTINGS.md) lists them all.",
    ]
    for name, text, parameters in all_commands:
        own = [parameter for parameter in parameters if not parameter.common]
        arguments, options = [each for each in own if each.argument], [each for each in own if not each.argument]
        parts += [f"## `{name}`", f"```\n{_usage(name, arguments, options)}\n```", text]
        if arguments:
            parts.append(_table(["Argument", ""], [[f"`{argument.value}`", argument.help] for argument in arguments]))
        if options:
            parts.append(_options(options))
    return "\n\n".join(parts) + "\n"


def settings_page() -> str:
    """Return the settings reference."""
    parts = [
        _GENERATED,
        "# Settings",
        "A setting comes from the command line, else from the environment, else from the file `.env.NAME` of the profile that "
        "is chosen ([SEVERAL_STORES.md](SEVERAL_STORES.md)), else from the file `.env` in the current folder "
        "(or the one that `--env-file` or `SYNCCTL_ENV_FILE` names), else it is the default. `syncctl config show` tells each "
        "value and where it comes from, `syncctl config check` tries them, and `syncctl config set NAME VALUE` writes one into "
        "`.env`.",
    ]
    for group in dict.fromkeys(entry.group for entry in TABLE):
        rows = []
        for entry in TABLE:
            if entry.group == group:
                names = f"`{entry.variable}`" + (f", or `{entry.bare}`" if entry.bare else "")
                rows.append([names, _default(entry.show(entry.default)), entry.doc, entry.kind.accepts])
        parts += [f"## {group}", _table(["Setting", "Default", "What for", "Takes"], rows)]
    return "\n\n".join(parts) + "\n"


def _default(shown: str) -> str:
    """Return a default as it is everywhere: the folders of this host's user are named in words."""
    everywhere = _without_folder(shown)
    if everywhere != shown:
        return f"`{everywhere.replace(os.sep, '/')}` in the user's data folder"
    return f"`{shown}`" if shown else ""


def _without_folder(text: str) -> str:
    """Return a text without this host's user's data folder, of which no page may tell."""
    folder = data_folder()
    for each in (folder.as_posix(), str(folder)):
        text = text.replace(each, "…")
    return text.replace("…\\", "…/")


def _usage(name: str, arguments: list[Parameter], options: list[Parameter]) -> str:
    required = [f"{option.names[0]} {option.value}" for option in options if option.required]
    shown = [
        (argument.value if argument.required else f"[{argument.value}]") + ("…" if argument.many else "")
        for argument in arguments
    ]
    return " ".join([name, *shown, *required, "[OPTIONS]"])


def _options(options: list[Parameter]) -> str:
    rows = [[", ".join(f"`{name}`" for name in each.names) + f" {each.value}".rstrip(), each.help] for each in options]
    return _table(["Option", ""], rows)


def _type_name(kind: Any) -> str:
    """Return what stands for a value of this type: of `list[int] | None`, that of `int`."""
    inner = [each for each in get_args(kind) if each is not type(None)]
    if inner:
        return _type_name(inner[0])
    if issubclass(kind, Enum):
        return "|".join(str(member.value) for member in kind)
    return {bool: "", int: "INTEGER", Path: "PATH"}.get(kind, "TEXT")


def _table(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
