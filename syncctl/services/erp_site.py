"""The ERP's site settings: what no document can be written without, and taking them from the ERP's own set-up."""

from __future__ import annotations

from collections.abc import Sequence

from syncctl.db.contract import (
    Database,
    ImportedSetting,
    ImportErpSettings,
    ListErpSettings,
    ListMissingErpSettings,
    MissingSetting,
)
from syncctl.errors import ConfigError


def missing_settings(database: Database) -> list[MissingSetting]:
    """Return what nobody has set and no document can be written without."""
    return database.run(ListMissingErpSettings())


def not_set(missing: Sequence[MissingSetting]) -> str:
    """Say what is missing and how to set it, in one line."""
    names = [row.name for row in missing]
    what = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return (
        f"No order can be entered into the ERP: {what} {'is' if len(names) == 1 else 'are'} not set for this site, and there is"
        " no default. `syncctl config erp import` takes them from the ERP's own web shop; by hand: "
        + ", ".join(f"`{row.command}`" for row in missing)
        + "."
    )


ADVISED = {
    "SHIPPING_ITEM_ID": "an order's shipping has no entry of its own in the ERP, only its charge in the header: "
    "`syncctl config erp set SHIPPING_ITEM_ID ID` names an item for it",
}
"""Site settings without which documents can be written, and lack something that a person would miss."""


def advised_settings(database: Database) -> list[str]:
    """Say of each site setting that this ERP has and nobody set what documents lack without it."""
    empty = {row.name for row in database.run(ListErpSettings()) if not row.value}
    return [f"{name} is not set: {lacking}" for name, lacking in ADVISED.items() if name in empty]


def require_settings(database: Database) -> None:
    """Make sure that the site has set what a document needs.

    Raises:
        ConfigError: it hasn't; the message names what is missing and the commands that set it.
    """
    if missing := missing_settings(database):
        raise ConfigError(not_set(missing))


def import_settings(
    database: Database, *, erp_store: str | None = None, force: bool = False, dry_run: bool = False
) -> list[ImportedSetting]:
    """Take the site settings from the ERP's own set-up, or with `dry_run` say what would be taken.

    Raises:
        ConfigError: the ERP says nothing of web orders.
        BadArgument, NotFound: it has several stores, and `erp_store` names none of them.
    """
    return database.run(ImportErpSettings(erp_store=erp_store, force=force, dry_run=dry_run))
