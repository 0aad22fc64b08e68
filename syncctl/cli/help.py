"""Help pages as people read them: no `<bool>` behind a switch, no `<list[int]>` behind an argument that its text explains.

And commands that start quickly: what is given needs Typer's whole machinery, which is Pydantic, only where it isn't a plain text.
"""

from __future__ import annotations

from collections.abc import Callable
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
    if not isinstance(parameter.get_runtime_param, _Reader):
        parameter.get_runtime_param = _Reader(parameter.get_runtime_param)
    if isinstance(parameter, TyperArgument):
        parameter.display_type_rich = lambda ctx: None  # type: ignore[method-assign]  # noqa: ARG005
    elif getattr(parameter, "is_flag", False):
        parameter.metavar = ""
    return parameter


class _Reader:
    """Reads a parameter's value. To import what Typer reads values with takes longer than a run that finds nothing to do."""

    def __init__(self, whole: Callable[[], Any]) -> None:
        self._whole = whole

    def __call__(self) -> _Reader:
        """See Typer: what reads the parameter's values."""
        return self

    def coerce(self, value: Any, *, param: Any, ctx: Any) -> Any:
        """See Typer: what wasn't given, a default or a count, and a text where a text is asked for stay as they are."""
        if value is None or isinstance(value, bool | int) or (isinstance(value, str) and param.type_descriptor.annotation is str):
            return () if value is None and (param.multiple or param.nargs == -1) else value
        return self._whole().coerce(value, param=param, ctx=ctx)
