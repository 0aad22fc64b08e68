"""Why there is no proof of delivery, in words for a client: by the cause, never in the carrier's own, which are for us."""

from __future__ import annotations

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, str]] = {
    "invalid_tracking": (
        "The carrier does not know this tracking number.",
        "Le transporteur ne connaît pas ce numéro de suivi.",
    ),
    "carrier_not_supported": ("We cannot ask this carrier.", "Nous ne pouvons pas interroger ce transporteur."),
    "no_document": (
        "The carrier has delivered the parcel, but gives us no document.",
        "Le transporteur a livré le colis, mais ne nous remet pas de document.",
    ),
    "pod_not_ready": (
        "The carrier has delivered the parcel, but has no document for it yet.",
        "Le transporteur a livré le colis, mais n'a pas encore de document.",
    ),
    "returned": (
        "The carrier returned the parcel to its sender.",
        "Le transporteur a retourné le colis à son expéditeur.",
    ),
    "lost": ("The carrier says that the parcel is lost.", "Le transporteur indique que le colis est perdu."),
    "not_delivered": ("The carrier has not delivered the parcel yet.", "Le transporteur n'a pas encore livré le colis."),
}
"""Cause → English, French."""
ANY_OTHER = ("The carrier's service gave us no document.", "Le service du transporteur ne nous a pas remis de document.")


def reason(cause: object) -> tuple[str, str]:
    """Return what a client is told of a cause, in English and in French."""
    return REASONS.get(str(cause), ANY_OTHER)
