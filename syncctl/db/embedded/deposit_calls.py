"""Reading the model of a deposit ticket: it goes to the port of the ERP that the database belongs to."""

from __future__ import annotations

from syncctl.db.contract import ModelCell, SetDepositModel
from syncctl.db.embedded.erp import erp_of
from syncctl.db.embedded.registry import Session, serves


@serves(SetDepositModel)
def set_deposit_model(session: Session, call: SetDepositModel) -> list[ModelCell]:
    """See `sp_SetDepositModel` of each ERP."""
    return erp_of(session).set_deposit_model(session, call)
