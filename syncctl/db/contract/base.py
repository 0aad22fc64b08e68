"""What a procedure call is: a frozen dataclass whose fields are the parameters, in the order of the T-SQL signature.

`worker_id` travels as `@WORKER_ID`; a row's `STAGING_ID` arrives as `staging_id`. Each field names its T-SQL type, which
`tests/contract/test_signatures.py` compares with `sql/`. Every T-SQL procedure has one parameter more, the last:
`@NOW datetime2(3) = NULL`, which tests use to move the clock; production leaves it to the server's `SYSUTCDATETIME()`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar, Generic, Protocol, TypeVar, dataclass_transform

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Sql:
    """The T-SQL type of a parameter or column."""

    type: str


Int = Annotated[int, Sql("int")]
BigInt = Annotated[int, Sql("bigint")]
Flag = Annotated[bool, Sql("bit")]
Code = Annotated[str, Sql("varchar(20)")]
Name = Annotated[str, Sql("varchar(50)")]
Key = Annotated[str, Sql("nvarchar(100)")]
Line = Annotated[str, Sql("nvarchar(500)")]
Text = Annotated[str, Sql("nvarchar(max)")]
Money = Annotated[Decimal, Sql("decimal(15,4)")]
Moment = Annotated[datetime, Sql("datetime2(3)")]
Day = Annotated[date, Sql("date")]
Hash = Annotated[str, Sql("char(64)")]
Bytes = Annotated[bytes, Sql("varbinary(max)")]


Made = TypeVar("Made")


@dataclass_transform(frozen_default=True)
def each_order(made: type[Made]) -> type[Made]:
    """Make a result row that there is one of for each order of a page: nobody changes it, which the type checker sees to.

    At run time it would cost as much as all the rest of making one.
    """
    return dataclass(slots=True)(made)


class Procedure(Generic[Row]):
    """A call of one stored procedure."""

    name: ClassVar[str]
    returns: ClassVar[type]
    repeatable: ClassVar[bool] = False
    """True where running it twice does no harm, so that a deadlock victim may be run again."""
    by_operator: ClassVar[bool] = False
    """True where no job calls it, but a person who gives up, undoes or sets something: for the role syncctl_operator alone."""


@dataclass(frozen=True, slots=True)
class NoRow:
    """What a procedure without a result set returns: nothing is ever made of it."""


class Database(Protocol):
    """An engine that serves the contract. One connection: not shared between threads."""

    engine: str
    """`embedded` or `sqlserver`."""

    def run(self, call: Procedure[Row]) -> list[Row]:
        """Run one procedure in its own transaction and return its rows.

        Raises:
            BadArgument, NotFound, LeaseLost, WrongState, Conflict, RollbackRefused, MappingError: see `errors.PROCEDURE_ERRORS`.
            TransientError: deadlock, lock time-out, lost connection.
            DatabaseUnavailable: no connection at all, or a database that can't be written.
        """
        ...

    def exclusive(self, resource: str) -> AbstractContextManager[None]:
        """Hold a named lock that is one for all hosts on this database, until the block ends or the process dies.

        Raises:
            AlreadyRunning: another process holds it.
        """
        ...

    def close(self) -> None:
        """Give the connection back. Harmless when called twice."""
        ...
