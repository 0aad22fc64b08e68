"""An OAuth 2.0 access token by client credentials, kept until shortly before it ends.

How long it lasts is reckoned from when it came, by our own clock: it makes no difference whether the carrier's clock agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from syncctl.carriers.base import Outcome
from syncctl.carriers.classify import INVALID_CREDENTIALS, Codes, error_outcome
from syncctl.carriers.http import CarrierHttp, Reply
from syncctl.carriers.reading import pick, text_at
from syncctl.clock import Clock

_REFUSED: Codes = {
    "invalid_client": ("persistent", INVALID_CREDENTIALS),
    "unauthorized_client": ("persistent", INVALID_CREDENTIALS),
    "NOT.AUTHORIZED.ERROR": ("persistent", INVALID_CREDENTIALS),
    "10400": ("persistent", INVALID_CREDENTIALS),
    "10401": ("persistent", INVALID_CREDENTIALS),
}


class TokenRefused(Exception):
    """The carrier gave no token; `outcome` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class Tokens:
    """Gets and keeps one carrier's token. The call for it is reserved in the budget like every other."""

    def __init__(self, clock: Clock, ask: Callable[[CarrierHttp], Reply], codes: Codes | None = None) -> None:
        self._clock = clock
        self._ask = ask
        self._codes = {**_REFUSED, **(codes or {})}
        self._token = ""
        self._until: datetime | None = None
        self.obtained: list[str] = []
        """Every token so far: none of them may be shown."""

    def headers(self, http: CarrierHttp) -> Mapping[str, str]:
        """Return the Authorization header.

        Raises:
            TokenRefused: the carrier gave none.
        """
        now = self._clock()
        if self._until is None or now >= self._until:
            reply = self._ask(http)
            said = reply.json()
            token = text_at(said, "access_token")
            if not reply.ok or not token:
                code = (
                    text_at(said, "errors", 0, "code") or text_at(said, "response", "errors", 0, "code") or text_at(said, "error")
                )
                raise TokenRefused(error_outcome(reply, now, codes=self._codes, code=code or None))
            seconds = pick(said, "expires_in")
            lasts = int(digits) if (digits := str(seconds)).isdecimal() and len(digits) < 7 else 600
            self._token, self._until = token, now + timedelta(seconds=max(30, lasts - 60))
            self.obtained.append(token)
        return {"Authorization": f"Bearer {self._token}"}

    def check(self, http: CarrierHttp) -> Outcome | None:
        """Get a new token; None where there is one, else the outcome that says why not."""
        self.forget()
        try:
            self.headers(http)
        except TokenRefused as refused:
            return refused.outcome
        return None

    def forget(self) -> None:
        """Drop the token: the carrier no longer takes it."""
        self._until = None
