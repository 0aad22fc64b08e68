"""The exceptions, named by what the caller can do about them, each with the exit code that ends a command.

A message says what happened, to which order, and what to do next: it is shown to a person as it stands.
"""

from __future__ import annotations

from typing import ClassVar

from syncctl.foreign_text import one_line

EXIT_OK = 0
EXIT_SOME_FAILED = 1
EXIT_USAGE = 2
EXIT_UNAVAILABLE = 69
EXIT_ALREADY_RUNNING = 75
EXIT_CONFIG = 78
EXIT_SIGINT = 130
EXIT_SIGTERM = 143

STOPPED = "stopped"
"""The code of an error that says only that nobody waits any longer, for the run is to stop. It concerns no row and no system."""


class SyncError(Exception):
    """Something went wrong that syncctl knows how to name. Whatever its message quotes, it is one line without controls."""

    exit_code: ClassVar[int] = EXIT_SOME_FAILED
    system: ClassVar[str] = "database"
    """Which system it came from: a run has one circuit breaker for each."""
    error_class: str = "unknown"
    """Key into the retry policy (`USER_RETRY_POLICY.ERROR_CLASS`)."""

    def __init__(self, message: str, *, code: str | int | None = None, error_class: str | None = None) -> None:
        super().__init__(one_line(message))
        self.code = None if code is None else one_line(str(code))
        """The other system's own code, such as 1205 or woocommerce_rest_cannot_view."""
        if error_class is not None:
            self.error_class = error_class

    def of_one_row(self) -> SyncError:
        """Return this error as it reads once the system has shown that it concerns one row alone."""
        return self


class TransientError(SyncError):
    """Worth trying again: a deadlock, a lock time-out, a lost connection, HTTP 408, 429 or 5xx."""

    exit_code = EXIT_UNAVAILABLE  # where it ends a whole run
    error_class = "connection"

    def __init__(
        self,
        message: str,
        *,
        code: str | int | None = None,
        error_class: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code, error_class=error_class)
        self.retry_after = retry_after
        """Seconds the other side asked us to wait, where it did."""

    @property
    def answered(self) -> bool:
        """True where the system itself said that it can't do this one now: rows that somebody else holds, say."""
        return self.error_class in ("deadlock", "lock_timeout") and self.code != "HYT00"


class PermanentError(SyncError):
    """Trying again gives the same answer; a person has to look."""

    error_class = "validation"


class DatabaseUnavailable(TransientError):
    """No connection to the database, or it can't be written."""

    exit_code = EXIT_UNAVAILABLE
    error_class = "connection"


class StoreUnavailable(TransientError):
    """The store doesn't answer, or answers with 429 or 5xx. For `alone` see `StoreMisconfigured`."""

    exit_code = EXIT_UNAVAILABLE
    system = "store"
    error_class = "store"

    def __init__(
        self, message: str, *, code: str | int | None = None, retry_after: float | None = None, alone: str | None = None
    ) -> None:
        super().__init__(message, code=code, retry_after=retry_after)
        self._alone = alone

    def of_one_row(self) -> SyncError:
        """See `SyncError.of_one_row`."""
        return self if self._alone is None else StoreUnavailable(self._alone, code=self.code, retry_after=self.retry_after)


class StoreRefused(PermanentError):
    """The store understood the request and said no (4xx)."""

    system = "store"
    error_class = "store_refused"


class SystemMisconfigured(PermanentError):
    """Another system says that it can't be used as configured: keys, address, certificate. It may mean one row alone."""

    exit_code = EXIT_CONFIG


class StoreMisconfigured(StoreRefused, SystemMisconfigured):
    """The store can't be used as configured: keys, address, certificate, permalinks. It concerns every order, not one of them.

    `alone` is the message where the store answers others: one that speaks of the row, and not of the set-up.
    """

    exit_code = EXIT_CONFIG

    def __init__(self, message: str, *, code: str | int | None = None, alone: str | None = None) -> None:
        super().__init__(message, code=code)
        self._alone = alone

    def of_one_row(self) -> SyncError:
        """See `SyncError.of_one_row`."""
        return self if self._alone is None else StoreRefused(self._alone, code=self.code)


class UnreadableError(PermanentError):
    """What the other side said of one thing lacks something that can't be guessed, or has nonsense in its place."""

    error_class = "unreadable"


class BadArgument(PermanentError):
    """A procedure got a parameter out of its range (error 50001)."""

    exit_code = EXIT_USAGE
    error_class = "unknown"


class NotFound(PermanentError):
    """No such row (error 50004)."""

    exit_code = EXIT_USAGE


class LeaseLost(SyncError):
    """The row belongs to another worker or attempt by now (error 50010): drop it, its owner goes on."""

    error_class = "lease_lost"


class WrongState(PermanentError):
    """The row isn't in a state that allows this (error 50020)."""


class Conflict(PermanentError):
    """Store and ERP disagree in a way that only a person can settle (error 50030)."""

    error_class = "conflict"


class RollbackRefused(PermanentError):
    """Undoing this document isn't safe (error 50031); the message names each condition that failed."""

    error_class = "conflict"


class MappingError(PermanentError):
    """An item, customer, setting or code has no counterpart in the ERP (error 50040)."""

    error_class = "mapping"


class AlreadyRunning(SyncError):
    """Another process does this job right now."""

    exit_code = EXIT_ALREADY_RUNNING


class ConfigError(SyncError):
    """A setting is missing or wrong; the message names it."""

    exit_code = EXIT_CONFIG
    error_class = "config"


class NoDatabase(ConfigError):
    """There is no embedded database where one is named, and this command makes none."""


class UsageError(SyncError):
    """The command line asks for something that makes no sense."""

    exit_code = EXIT_USAGE


PROCEDURE_ERRORS: dict[int, type[SyncError]] = {
    50001: BadArgument,
    50004: NotFound,
    50010: LeaseLost,
    50020: WrongState,
    50030: Conflict,
    50031: RollbackRefused,
    50040: MappingError,
    50041: ConfigError,
    50060: UsageError,
}
"""The numbers that procedures THROW, and what they become here. `sql/README.md` explains each."""
