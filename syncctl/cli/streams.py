"""stdout and stderr that fail nobody: a reader may go away, a disk may be full, a scheduler may have closed them."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress

TYPE_CHECKING = False  # importing `typing` for it would take as long as everything else that `--version` does
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_WINDOWS = os.name == "nt"


class Outlet:
    """A text stream that never raises: after the first error the rest goes nowhere, and the error is kept.

    A reader that has gone away (`| head`) is no error. Everything else of the stream is as it was.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._dead = False
        self.error: OSError | None = None
        """What kept the text from being written; None also where only the reader went away."""

    def write(self, text: str) -> int:
        """See `io.TextIOBase.write`."""
        if not self._dead:
            try:
                self._stream.write(text)
            except (OSError, ValueError) as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        """See `io.IOBase.flush`."""
        if not self._dead:
            try:
                self._stream.flush()
            except (OSError, ValueError) as error:
                self._lose(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _lose(self, error: OSError | ValueError) -> None:
        """Let what is left in the buffers go nowhere, so that the interpreter's own last flush succeeds."""
        self._dead = True
        if isinstance(error, OSError) and not _reader_gone(error):
            self.error = error
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


def _reader_gone(error: OSError) -> bool:
    """True where the other end of a pipe was closed; Windows calls that an invalid argument."""
    return error.errno in (errno.EPIPE, errno.ESHUTDOWN) or (_WINDOWS and error.errno == errno.EINVAL)


@contextmanager
def safe_streams() -> Iterator[tuple[Outlet, Outlet]]:
    """Let stdout and stderr be outlets while the block runs, in UTF-8 on every system, and failing on no character."""
    _occupy()
    before = sys.stdout, sys.stderr
    for stream in before:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="backslashreplace")
    out, err = Outlet(sys.stdout), Outlet(sys.stderr)
    sys.stdout, sys.stderr = out, err
    try:
        yield out, err
    finally:
        out.flush()
        err.flush()
        sys.stdout, sys.stderr = before


def told(work: Callable[[], int], *, unwritten: int) -> int:
    """Do `work`, which prints, and return its exit code; `unwritten` where its result can't be written to stdout."""
    with safe_streams() as (out, err):
        code = work()
        out.flush()
        if out.error is not None:
            err.write(f"syncctl: The result can't be written to stdout: {out.error.strerror or out.error}.\n")
            return code or unwritten
        return code


def _occupy() -> None:
    """Put something in the place of streams that were closed before we began: else the next file, the database, is stdout."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: the closed stream's own
            setattr(sys, name, open(nowhere, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
