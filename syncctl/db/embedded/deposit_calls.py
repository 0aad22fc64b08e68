"""What concerns deposit tickets alone: it goes to the port of the ERP that the database belongs to."""

from __future__ import annotations

from syncctl.db.contract import ModelCell, RecordDeposit, RecordedDeposit, SetDepositModel
from syncctl.db.embedded.erp import erp_of
from syncctl.db.embedded.registry import Session, serves


@serves(SetDepositModel)
def set_deposit_model(session: Session, call: SetDepositModel) -> list[ModelCell]:
    """See `sp_SetDepositModel` of each ERP."""
    return erp_of(session).set_deposit_model(session, call)


@serves(RecordDeposit)
def record_deposit(session: Session, call: RecordDeposit) -> list[RecordedDeposit]:
    """See `sp_RecordDeposit` of each ERP."""
    return erp_of(session).record_deposit(session, call)
