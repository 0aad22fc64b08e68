"""Deposit tickets: what one that a person keyed looks like, and what a person did about one that the books have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from syncctl.db.contract.base import BigInt, Flag, Int, Key, Line, Money, Procedure, Sql


@dataclass(frozen=True, slots=True)
class ModelCell:
    """One cell of the keyed ticket, or of the order beside it: its source says what goes into it on other tickets.

    With the source MODEL `value` is copied as it stands; with any other the new order's own goes there, and `value` where it has
    nothing and the column takes no NULL.
    """

    doc_id: BigInt
    tkt_no: Annotated[str, Sql("varchar(15)")]
    order_doc_id: BigInt | None
    """The order that the deposit was keyed with; None where the ticket names none."""
    order_tkt_no: Annotated[str, Sql("varchar(15)")] | None
    part: Annotated[str, Sql("varchar(10)")]
    """TICKET or ORDER: whose row it is."""
    table_name: Annotated[str, Sql("varchar(128)")]
    row_no: Int
    column_name: Annotated[str, Sql("varchar(128)")]
    source: Annotated[str, Sql("varchar(20)")]
    value: Annotated[str, Sql("nvarchar(1000)")] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDepositModel(Procedure[ModelCell]):
    """Read what a deposit ticket looks like from one that a person keyed at the till; with `dry_run` only show it.

    `number` is the ticket's number or id, `order_number` that of the order beside it, where the ticket doesn't name that.

    Raises:
        BadArgument: it is none that others could be written like; the message says what is in the way.
        NotFound: there is no such open document.
        ConfigError: the ERP has no such tickets.
    """

    name: ClassVar[str] = "sp_SetDepositModel"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = ModelCell
    repeatable: ClassVar[bool] = True

    number: Annotated[str, Sql("nvarchar(50)")]
    order_number: Annotated[str, Sql("nvarchar(50)")] | None = None
    dry_run: Flag = False


@dataclass(frozen=True, slots=True)
class RecordedDeposit:
    """What the books have of an order's deposit, before and after a person said what was done at the till."""

    staging_id: Int
    tkt_no: Annotated[str, Sql("varchar(15)")]
    """The ticket that the deposit came with."""
    before_amt: Money
    after_amt: Money
    wanted_amt: Money
    """What the order is paid with in the store; 0 where it is to be closed."""
    pay_cod: Annotated[str, Sql("varchar(10)")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDeposit(Procedure[RecordedDeposit]):
    """Remember what was taken at the till for an order whose deposit is in the books; below 0: given back; 0: paid another way.

    Raises:
        BadArgument: no amount of whole cents.
        NotFound: there is no such order.
        WrongState: it has no such deposit, or there isn't as much to take or to give back.
        ConfigError: the ERP has no such tickets.
    """

    name: ClassVar[str] = "sp_RecordDeposit"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = RecordedDeposit

    staging_id: Int
    taken: Money
    decided_by: Key
    reason: Line | None = None
    dry_run: Flag = False
