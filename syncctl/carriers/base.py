"""What proof of delivery asks of a carrier, whichever it is: given a claim, one outcome.

An adapter makes its calls through `CarrierHttp`, which reserves each one in the carrier's budget before it is made. It never
raises for what the carrier says; `BudgetExhausted` from the budget passes through it untouched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from syncctl.carriers.http import CarrierHttp
from syncctl.carriers.limits import Limits
from syncctl.carriers.numbers import Numbers

Kind = Literal["document", "not_yet", "persistent", "temporary", "throttled"]
"""`document`: here it is. `not_yet`: the parcel isn't delivered. `persistent`: asking again gives the same answer.
`temporary`: worth another try. `throttled`: too many calls; no more before `retry_at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a carrier has to know of a claim."""

    claim_id: int
    reference: str
    tracking_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A proof of delivery as the carrier gave it. `declared_type` is what the carrier calls it; the bytes decide."""

    content: bytes = field(repr=False)
    what: str = "proof"
    """`proof` (the letter), `signature`, `photo`: as the carrier's file calls it."""
    declared_type: str = ""
    link: str | None = None
    """The carrier's own address of the document. Such links expire, some within the hour."""
    signed_by: str | None = None
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of asking a carrier.

    `cause` is our word for it, such as `timeout`; `code` is the carrier's own, else `cause` again.
    """

    kind: Kind
    cause: str = ""
    code: str = ""
    message: str = ""
    http_status: int | None = None
    document: Document | None = None
    more: Sequence[Document] = ()
    """What else the carrier gave of the parcel, such as the signature beside the letter."""
    evidence: str = field(default="", repr=False)
    """With a document, as JSON: what was asked, when, and what the carrier answered, its documents left out."""
    retry_at: datetime | None = None
    """With `throttled`: when the carrier takes calls again, where it said so."""


def delivered(document: Document, *more: Document) -> Outcome:
    """Return the outcome that carries a document, the proof itself first."""
    return Outcome(kind="document", document=document, more=more)


def not_yet(message: str, *, code: str = "not_delivered") -> Outcome:
    """Return the outcome of a parcel that is still on its way."""
    return Outcome(kind="not_yet", cause="not_delivered", code=code, message=message)


def temporary(cause: str, message: str) -> Outcome:
    """Return the outcome of a failure that another try may mend."""
    return Outcome(kind="temporary", cause=cause, code=cause, message=message)


def persistent(cause: str, message: str) -> Outcome:
    """Return the outcome of a failure that no other try will mend."""
    return Outcome(kind="persistent", cause=cause, code=cause, message=message)


class Carrier(Protocol):
    """One carrier's service. It keeps nothing between calls but an access token."""

    @property
    def name(self) -> str:
        """The name in settings, budgets and files, such as `dhl_express`."""
        ...

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    @property
    def verified(self) -> bool:
        """True once the adapter has fetched a real document from the real carrier."""
        ...

    @property
    def described(self) -> str:
        """The carrier's own description, and of which version, that its calls agree with; nothing where there is none."""
        ...

    @property
    def unverified(self) -> str:
        """What nobody has checked against the carrier, for `config check` and the documentation."""
        ...

    @property
    def documents(self) -> bool:
        """False where the carrier's service tells what became of a parcel, and gives no document."""
        ...

    @property
    def numbers(self) -> Numbers:
        """What its tracking numbers look like."""
        ...

    @property
    def limits(self) -> Limits:
        """How many calls it takes."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """Every key and password that its calls carry, and every token that it was given: no text may show one."""
        ...

    def fetch(self, claim: Claim, http: CarrierHttp) -> Outcome:
        """Ask for the proof of delivery of one claim.

        Raises:
            BudgetExhausted: a call was refused by the budget, so nothing was asked (or not everything).
        """
        ...


@runtime_checkable
class Checkable(Protocol):
    """A carrier that can be asked whether it is there and takes its keys, without naming a parcel."""

    def check(self, http: CarrierHttp) -> Outcome | None:
        """Ask; None where all is well, else the outcome that says what is wrong.

        Raises:
            BudgetExhausted: no call is left.
            CarrierUnreachable: no answer.
        """
        ...


def vouched(carrier: Carrier) -> str:
    """Say in one line how far a carrier's adapter can be relied on."""
    if carrier.verified:
        said = "verified"
    elif carrier.described:
        said = f"agrees with the carrier's description of {carrier.described}; not tried with an account"
    else:
        said = f"unverified: {carrier.unverified}"
    return said if carrier.documents else f"tracking only, it gives no documents; {said}"
