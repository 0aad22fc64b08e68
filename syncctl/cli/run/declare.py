"""Making a function a command: its options, those of every command, and those that stand for settings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from typing import Annotated, Any

import typer

from syncctl.cli.database import AS_IT_IS, Use
from syncctl.cli.help import PlainCommand
from syncctl.cli.output import Render
from syncctl.cli.run.options import COMMON, Common
from syncctl.cli.run.running import Call, Job, execute
from syncctl.settings import BY_NAME

SETTINGS_PANEL = "Options that stand for settings"


def command(
    app: typer.Typer,
    name: str,
    *,
    job: Job | None = None,
    settings: Mapping[str, str] | None = None,
    group: str = "",
    use: Use = AS_IT_IS,
    unable: Callable[..., Render | None] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make `function(run, …)` a command of `app`.

    `settings` maps an option (`--lookback`) to the setting it stands for: the option is declared, checked and put above the
    environment here, and the function finds the value in `run.settings`. The function fills `run.report`; its docstring is
    the help. `use` says what it may do about the database. `unable(report, given)` has the last word where an error kept the
    function from its end: it may change the report, in which the error stands, and say how it is shown; `given` are the
    function's own options.
    """
    stand_ins = dict(settings or {})
    full_name = f"{group} {name}".strip()

    def register(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        declared = [_with_metavar(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)) for parameter in own]
        declared += [_setting_parameter(option, setting) for option, setting in stand_ins.items()]
        if job and job.parallel:
            declared.append(_with_metavar(_parameter("parallel", _PARALLEL, default=False)))
        declared += [_parameter(key, annotation, default=default) for key, (annotation, default) in COMMON.items()]

        @wraps(function)
        def invoke(ctx: typer.Context, **given: Any) -> None:
            common = Common(**{key: given.pop(key) for key in COMMON}).over(ctx.obj or Common())
            flags = {setting: given.pop(setting) for setting in stand_ins.values()}
            parallel = given.pop("parallel", False) if job and job.parallel else False
            names = {setting: option for option, setting in stand_ins.items()}
            when_unable = partial(unable, given=given) if unable else None
            call = Call(full_name, common, flags, names, job, parallel, unable=when_unable, use=use, given=given)
            raise typer.Exit(execute(call, lambda run: function(run, **given), dry_run=bool(given.get("dry_run"))))

        _add(app, name, function, invoke, declared)
        return function

    return register


def bare_command(app: typer.Typer, name: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Make `function(common, …)` a command of `app` that has no settings yet, and that ends with the exit code it returns."""

    def register(function: Callable[..., int]) -> Callable[..., int]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        declared = [_with_metavar(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)) for parameter in own]
        declared += [_parameter(key, annotation, default=default) for key, (annotation, default) in COMMON.items()]

        @wraps(function)
        def invoke(ctx: typer.Context, **given: Any) -> None:
            common = Common(**{key: given.pop(key) for key in COMMON}).over(ctx.obj or Common())
            raise typer.Exit(function(common, **given))

        _add(app, name, function, invoke, declared)
        return function

    return register


def _add(
    app: typer.Typer,
    name: str,
    function: Callable[..., Any],
    invoke: Callable[..., None],
    declared: Sequence[inspect.Parameter],
) -> None:
    """Add a command that takes the parameters which are declared."""
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    invoke.__signature__ = inspect.Signature([context, *declared])  # type: ignore[attr-defined]
    invoke.__annotations__ = {parameter.name: parameter.annotation for parameter in (context, *declared)}
    app.command(name, cls=PlainCommand, help=_paragraphs(inspect.getdoc(function) or ""))(invoke)


def _paragraphs(docstring: str) -> str:
    """Return a docstring with each paragraph on one line, to be wrapped by whoever shows it."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in docstring.split("\n\n"))


def _with_metavar(parameter: inspect.Parameter) -> inspect.Parameter:
    """Say what an option takes in a person's words: INTEGER or TEXT instead of a Python type, and nothing for a switch."""
    for detail in getattr(parameter.annotation, "__metadata__", ()):
        if isinstance(parameter.default, bool) and hasattr(detail, "metavar"):
            detail.metavar = ""
        elif isinstance(detail, typer.models.OptionInfo) and detail.metavar is None:
            kind = str(parameter.annotation.__origin__)
            detail.metavar = "INTEGER" if "int" in kind else "TEXT" if "str" in kind else None
        elif isinstance(detail, typer.models.ArgumentInfo) and detail.metavar is None:
            detail.metavar = parameter.name.upper()
    return parameter


_PARALLEL = Annotated[
    bool, typer.Option("--parallel", help="Run even while another run of this command is going on; leases keep them apart.")
]


def _parameter(name: str, annotation: Any, *, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _setting_parameter(option: str, setting: str) -> inspect.Parameter:
    """Declare an option that stands for a setting, with the help, the variable and the default from the settings table."""
    entry = BY_NAME[setting]
    default = entry.show(entry.default)
    text = f"{entry.doc} ({entry.variable}{f', else {default}' if default else ''})"
    metavar = entry.kind.metavar
    declared = typer.Option(option, help=text, metavar=metavar, show_default=False, rich_help_panel=SETTINGS_PANEL)
    return _parameter(setting, Annotated[str | None, declared], default=None)
