"""Help pages as people read them: no `<bool>` behind a switch, no `<list[int]>` behind an argument that its text explains."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup


class PlainCommand(TyperCommand):
    """A command whose help names no Python types."""

    def get_params(self, ctx: Any) -> Any:
        """See Click: the parameters, with the help option."""
        return [_plain(parameter) for parameter in super().get_params(ctx)]


class PlainGroup(TyperGroup):
    """A group of commands whose help names no Python types."""

    def get_params(self, ctx: Any) -> Any:
        """See Click: the parameters, with the help option."""
        return [_plain(parameter) for parameter in super().get_params(ctx)]


class Falling(PlainGroup):
    """A group that takes what is none of its commands as the arguments of its command `set`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """See Click: the command, and its arguments."""
        if args and args[0] not in self.commands:
            args = ["set", *args]
        return super().resolve_command(ctx, args)


def make_plain(app: typer.Typer) -> None:
    """Let the groups of `app`, and those within them, show plain help; `command` sees to the commands."""
    if app.info.cls is not Falling:
        app.info.cls = PlainGroup
    for group in app.registered_groups:
        if group.typer_instance is not None:
            make_plain(group.typer_instance)


def _plain(parameter: Any) -> Any:
    if isinstance(parameter, TyperArgument):
        parameter.display_type_rich = lambda ctx: None  # type: ignore[method-assign]  # noqa: ARG005
    elif getattr(parameter, "is_flag", False):
        parameter.metavar = ""
    return parameter
