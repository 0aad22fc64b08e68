"""Templates: a text whose first line is the title and whose rest, after a blank line, is the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncctl.errors import PermanentError
from syncctl.foreign_text import one_line
from syncctl.notify.reasons import reason


@dataclass(frozen=True, slots=True)
class Message:
    """What a person reads."""

    title: str
    body: str
    severity: str = ""
    """`critical`, `warning`, `recovered`, or empty."""


class TemplateError(PermanentError):
    """A template is missing or can't be filled; the message says which and why."""


class Templates:
    """The built-in templates, and those of a folder, which come first."""

    def __init__(self, folder: Path | None = None) -> None:
        from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined
        from jinja2.sandbox import SandboxedEnvironment

        own = [FileSystemLoader(str(folder), encoding="utf-8")] if folder else []
        self._environment = SandboxedEnvironment(
            loader=ChoiceLoader([*own, PackageLoader("syncctl.notify")]),
            undefined=StrictUndefined,
            autoescape=False,  # plain text, never HTML
            keep_trailing_newline=False,
            trim_blocks=True,
        )

    def render(self, template: str, data: Mapping[str, Any]) -> Message:
        """Fill a template. Data with a `cause` gets `reason` and `raison`, words for it; `error` is the former, whatever it was.

        Raises:
            TemplateError: there is no such template, or it wants something that the data doesn't have.
        """
        from jinja2 import TemplateError as JinjaError

        try:
            text = self._environment.get_template(f"{template}.txt").render(_told(data))
        except JinjaError as error:
            raise TemplateError(
                f"The template {template}.txt can't be filled: {error.message or type(error).__name__}."
            ) from error
        title, _, body = text.strip().partition("\n")
        # One line: a customer's name must not add a header to a mail.
        severity = str(data.get("severity") or ("recovered" if data.get("what") == "recovered" else ""))
        return Message(" ".join(title.split()), body.strip(), severity)


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data as a person may read it: a cause in our words, never in a carrier's, and no control in any text."""
    told = {key: _plain(value) for key, value in data.items()}
    if "cause" in told:
        english, french = reason(told["cause"])
        told.update(reason=english, raison=french, error=english)
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return one_line(value) if isinstance(value, str) else value
