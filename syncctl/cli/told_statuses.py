"""Statuses that orders are to get: one that none ever gets from us is refused when a person names it, not in silence later."""

from __future__ import annotations

from syncctl.cli.run import Run
from syncctl.errors import UsageError


def require_told(run: Run, named: str, *, plugin: bool) -> str:
    """Refuse a status that no order gets from us; return what a person should know of it, mostly nothing.

    Raises:
        UsageError: it is none of the store's own statuses, and nobody says that it is a plugin's (Shopify has no plugins'); or it
            says of an order that it isn't paid, is held or thrown away.
    """
    from syncctl.services.raising import MAY_BE_ENTERED
    from syncctl.stores.connect import meaning_in_store, never_given

    meaning = meaning_in_store(run.settings)(named)
    if meaning in MAY_BE_ENTERED and named not in never_given(run.settings):
        return ""
    if meaning != "unknown":
        raise UsageError(
            f"No order gets {named} from us: a status that we write says that an order is fulfilled or cancelled, "
            "never that it isn't paid, is held or thrown away."
        )
    if run.settings.source == "shopify":
        from syncctl.stores.shopify_statuses import why_never

        raise UsageError(f"No order gets {named} from us: {why_never(named)}.")
    if not plugin and named not in run.settings.create_statuses:
        raise UsageError(
            f"{named} is none of the store's own statuses (processing, completed, cancelled …). "
            "Where a plugin has it, say so: --plugin."
        )
    return f"Orders get a note of it and keep their status: {named} is a plugin's, and nobody knows whom it mails."
