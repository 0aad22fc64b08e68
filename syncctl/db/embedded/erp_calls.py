"""The procedures that each ERP serves by itself: they go to the port of the ERP that the database belongs to."""

from __future__ import annotations

from syncctl.db.contract import (
    DocumentPart,
    GetErpDocument,
    ImportedSetting,
    ImportErpSettings,
    ListMissingErpSettings,
    ListNumberSeries,
    MissingSetting,
    NumberSeries,
    SeedCount,
    SeedDemoErp,
    SetNumberSeries,
)
from syncctl.db.embedded.erp import erp_of
from syncctl.db.embedded.registry import Session, serves


@serves(GetErpDocument)
def get_erp_document(session: Session, call: GetErpDocument) -> list[DocumentPart]:
    """See `sp_GetErpDocument` of each ERP."""
    return erp_of(session).get_document(session, call)


@serves(ImportErpSettings)
def import_erp_settings(session: Session, call: ImportErpSettings) -> list[ImportedSetting]:
    """See `sp_ImportErpSettings` of each ERP."""
    return erp_of(session).import_settings(session, call)


@serves(ListMissingErpSettings)
def list_missing_erp_settings(session: Session, _call: ListMissingErpSettings) -> list[MissingSetting]:
    """See `sp_ListMissingErpSettings` of each ERP."""
    return erp_of(session).missing_settings(session)


@serves(ListNumberSeries)
def list_number_series(session: Session, _call: ListNumberSeries) -> list[NumberSeries]:
    """See `sp_ListNumberSeries` of each ERP."""
    return erp_of(session).list_series(session)


@serves(SeedDemoErp)
def seed_demo_erp(session: Session, call: SeedDemoErp) -> list[SeedCount]:
    """See `sp_SeedDemoErp` of each ERP."""
    return erp_of(session).seed_demo(session, call)


@serves(SetNumberSeries)
def set_number_series(session: Session, call: SetNumberSeries) -> list[NumberSeries]:
    """See `sp_SetNumberSeries` of each ERP."""
    return erp_of(session).set_series(session, call)
