"""Values that must not be seen: a type that doesn't print itself, and the cleaning of text that may hold one."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from syncctl.foreign_text import LONGEST, beginning, plain

HIDDEN = "***"
_PASSWORD = re.compile(r"(?P<key>\b(?:PWD|PASSWORD|ACCESSTOKEN|CLIENTSECRET)\s*=\s*)(?:\{(?:[^}]|\}\})*\}|[^;]*)", re.IGNORECASE)

_USER_INFO = re.compile(r"(?<=://)(?!USER:PASSWORD@)[^/@\s]+(?=@)")
"""Of an address; what a message gives as an example is none."""
_KEYS = re.compile(
    r"\bc[ks]_[0-9A-Za-z]{8,}"
    r"|(?<=oauth_signature=)[^&\s\"']+"
    r"|(?<=Authorization: )\S.*"
    r"|\b(?i:basic|bearer)\s+[A-Za-z0-9+/._~-]{16,}=*"
)
"""What is a key whoever's it is."""
_MOST = 65_536
"""Characters of others' text that are looked at."""
_WHOLE_WORD = 4
"""Characters. A secret shorter than this is hidden only where it stands as a word: `ab` is in every second sentence."""
_LONG_ENOUGH = 6
"""Letters of base64. What is left of a shorter secret between the letters that it shares with its neighbours may be anything."""


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


class Hider:
    """Takes secrets out of texts, in every way in which a request carries them and an answer may repeat them."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        held = [secret for secret in dict.fromkeys(secrets) if secret.strip()]
        patterns = {pattern for secret in held for pattern in _spellings(secret)}
        packed = {re.escape(core) for secret in held for core in _inside_base64(secret.encode())}
        if packed:
            # The whole of it goes: what stands around the secret may be the rest of it.
            patterns.add(f"(?<!{_BASE64}){_BASE64}*(?:{'|'.join(sorted(packed))}){_BASE64}*=*")
        self._held = re.compile("|".join(sorted(patterns, key=len, reverse=True))) if patterns else None

    def clean(self, text: str) -> str:
        """Return the text without secrets."""
        if self._held:
            text = self._held.sub(HIDDEN, text)
        return _KEYS.sub(HIDDEN, without_password(text))

    def plain(self, text: str, longest: int = LONGEST) -> str:
        """Return others' text as `foreign_text.plain` does, without secrets. Those go first: half a key is a key, too."""
        return plain(self.clean(beginning(text, _MOST)), longest)


def _spellings(secret: str) -> Iterator[str]:
    """Give the expressions that find a secret as it is, and as it is written in an address, in HTML and in JSON."""
    spelled = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), html.escape(secret), json.dumps(secret)[1:-1]}
    for text in spelled:
        found = re.sub(r"%[0-9A-F]{2}", lambda code: f"(?i:{code[0]})", re.escape(text))
        yield found if len(secret) >= _WHOLE_WORD else rf"(?<!\w){found}(?!\w)"


_BASE64 = "[A-Za-z0-9+/_-]"


def _inside_base64(secret: bytes) -> Iterator[str]:
    """Give what base64 has of a secret whatever stands round it: texts for each place of a group where it may begin.

    Basic authentication carries it so, behind a user name of any length.
    """
    for before in range(3):
        packed = base64.b64encode(b"\0" * before + secret).decode("ascii")
        begin = -(-before * 8 // 6)
        end = (before + len(secret)) * 8 // 6
        if end - begin >= _LONG_ENOUGH:
            yield packed[begin:end]
            yield packed[begin:end].translate(str.maketrans("+/", "-_"))


def without_password(connection: str) -> str:
    """Return an ODBC connection string, or an address, with its password hidden."""
    return _USER_INFO.sub(HIDDEN, _PASSWORD.sub(lambda found: found["key"] + HIDDEN, connection))


def passwords_in(connection: str) -> list[str]:
    """Return the passwords of an ODBC connection string, without the braces that quote them."""
    found = [match[0][len(match["key"]) :].strip() for match in _PASSWORD.finditer(connection)]
    return [text[1:-1].replace("}}", "}") if text.startswith("{") else text for text in found]
