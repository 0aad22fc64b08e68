"""From the procedures' words to a person's, and back within what they take.

What is `@BATCH_SIZE` to a procedure has another name on the command line, or among the settings.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from syncctl.db.contract import Procedure, Sql
from syncctl.errors import UsageError
from syncctl.settings import BY_NAME

_PARAMETER = re.compile(r"(?<![\w@])@([A-Z][A-Z0-9_]*)\b")
_WIDTH = re.compile(r"n?varchar\((\d+)\)")
_OPTIONS = {
    "ACKNOWLEDGED_BY": "--by",
    "ADDRESS": "--address",
    "BACKOFF_CAP_SECONDS": "--cap",
    "BACKOFF_FACTOR": "--factor",
    "BACKOFF_SECONDS": "--backoff",
    "BATCH_SIZE": "The number of rows at a time",
    "CARRIER": "The carrier",
    "CLAIM_REFERENCE": "The claim's reference",
    "CLIENT_EMAIL": "--email",
    "CLIENT_ID": "--client",
    "CLIENT_NAME": "--name",
    "DECIDED_BY": "The name of this account",
    "DESTINATION": "--destination",
    "ERP_STORE": "--erp-store",
    "CUST_NO": "The customer's number",
    "ERP_STATUS": "The state in the ERP",
    "ITEM_NO": "The item's number",
    "SKU": "The SKU",
    "WOO_EMAIL": "The e-mail address",
    "WOO_STATUS": "The status in the store",
    "WOO_USER_ID": "The customer's id in the store",
    "MAX_ATTEMPTS": "--max-attempts",
    "NEXT_NO": "--next",
    "NOTE": "--note",
    "PACK_QTY": "--pack",
    "PREFIX": "--prefix",
    "REASON": "--reason",
    "RESERVE_QTY": "--reserve",
    "RECIPIENT_ID": "The client's id",
    "SCOPE": "--status",
    "SETTING_NAME": "The setting's name",
    "VALUE": "The value",
    "ERROR_CLASS": "The class of failure",
    "STANDING": "--standing",
    "STATES": "--state",
    "STORE_ID": "SYNCCTL_STORE_ID",
    "THEN": "--then",
    "TRACKING_NUMBER": "The tracking number",
    "WIDTH": "--width",
}


def in_a_persons_words(message: str) -> str:
    """Return a procedure's complaint (error 50001) with its parameters called as a person calls them."""
    return _PARAMETER.sub(lambda found: _called(found[1]), message)


def require_fit(call: Procedure[Any]) -> None:
    """Refuse a text on which the engines differ: one longer than its column, or of nothing but blanks.

    The first would be cut in silence by one of them, the second is an empty text to one of them and names nothing to a person.

    Raises:
        UsageError: as said.
    """
    hints = get_type_hints(type(call), include_extras=True)
    for field in fields(call):  # type: ignore[arg-type]  # each procedure is a dataclass
        value = getattr(call, field.name)
        if isinstance(value, str) and value.isspace():
            raise UsageError(f"{_called(field.name.upper())} is nothing but blanks.")
        widths = [int(found[1]) for kind in _sql_types(hints[field.name]) if (found := _WIDTH.fullmatch(kind))]
        if isinstance(value, str) and widths and len(value.encode("utf-16-le", "replace")) // 2 > widths[0]:
            raise UsageError(f"{_called(field.name.upper())} takes at most {widths[0]} characters, and this has {len(value):,}.")


def _sql_types(hint: Any) -> list[str]:
    """The T-SQL types that a field's annotation carries, optional or not."""
    marks = [part for each in (hint, *get_args(hint)) for part in getattr(each, "__metadata__", ())]
    return [mark.type for mark in marks if isinstance(mark, Sql)]


def _called(parameter: str) -> str:
    if parameter in _OPTIONS:
        return _OPTIONS[parameter]
    entry = BY_NAME.get(parameter.lower())
    return entry.variable if entry else f"The {parameter.replace('_', ' ').lower()}"
