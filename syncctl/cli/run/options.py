"""The options that every command takes, before or after its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

COMMON_PANEL = "Options of every command"


@dataclass(frozen=True, slots=True)
class Common:
    """The options that every command takes, before or after its name."""

    database: str | None = None
    profile: str | None = None
    env_file: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    no_color: bool = False

    def over(self, outer: Common) -> Common:
        """Return these options, with `outer`'s where they say nothing."""
        return Common(
            database=self.database or outer.database,
            profile=outer.profile if self.profile is None else self.profile,
            env_file=self.env_file or outer.env_file,
            json=self.json or outer.json,
            quiet=self.quiet or outer.quiet,
            verbose=max(self.verbose, outer.verbose),
            no_color=self.no_color or outer.no_color,
        )


def _option(*names: str, text: str, metavar: str = "", **more: Any) -> Any:
    return typer.Option(*names, help=text, metavar=metavar, rich_help_panel=COMMON_PANEL, show_default=False, **more)


COMMON: dict[str, tuple[Any, Any]] = {
    "database": (
        Annotated[
            str | None,
            _option("--database", text="sqlite:///PATH or an ODBC connection string (SYNCCTL_DATABASE).", metavar="DATABASE"),
        ],
        None,
    ),
    "profile": (
        Annotated[
            str | None,
            _option("--profile", text="Of several stores, the one of the file .env.NAME (SYNCCTL_PROFILE).", metavar="NAME"),
        ],
        None,
    ),
    "env_file": (
        Annotated[
            Path | None,
            _option("--env-file", text="Settings file to read instead of .env (SYNCCTL_ENV_FILE).", metavar="FILE"),
        ],
        None,
    ),
    "json": (Annotated[bool, _option("--json", text="Print the result as one JSON object.")], False),
    "quiet": (Annotated[bool, _option("--quiet", "-q", text="Print nothing but errors.")], False),
    "verbose": (
        Annotated[int, _option("--verbose", "-v", text="Tell on stderr what is going on; -vv tells everything.", count=True)],
        0,
    ),
    "no_color": (Annotated[bool, _option("--no-color", text="No colours (NO_COLOR).")], False),
}
"""Name → annotation and default, as both the program and each command declare them."""
