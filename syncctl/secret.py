"""Values that must not be seen: a type that doesn't print itself, and the cleaning of text that may hold one."""

from __future__ import annotations

import re
from dataclasses import dataclass

HIDDEN = "***"
_PASSWORD = re.compile(r"(?P<key>\b(?:PWD|PASSWORD|ACCESSTOKEN|CLIENTSECRET)\s*=\s*)(?:\{(?:[^}]|\}\})*\}|[^;]*)", re.IGNORECASE)

_USER_INFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """A password or key. Printing or logging it gives `***`; `reveal` gives the value to the one call that needs it."""

    value: str

    def reveal(self) -> str:
        """Return the value itself."""
        return self.value

    def __str__(self) -> str:
        return HIDDEN

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})"


def without_password(connection: str) -> str:
    """Return an ODBC connection string, or an address, with its password hidden."""
    return _USER_INFO.sub(HIDDEN, _PASSWORD.sub(lambda found: found["key"] + HIDDEN, connection))


def passwords_in(connection: str) -> list[str]:
    """Return the passwords of an ODBC connection string, without the braces that quote them."""
    found = [match[0][len(match["key"]) :].strip() for match in _PASSWORD.finditer(connection)]
    return [text[1:-1].replace("}}", "}") if text.startswith("{") else text for text in found]
