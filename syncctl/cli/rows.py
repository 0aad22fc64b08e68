"""Rows that are kept out of memory until they are shown: a run of a hundred thousand orders has as many."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from typing import IO

from syncctl.cli.output import to_json
from syncctl.foreign_text import json_escaped

_IN_MEMORY = 1_000_000
"""Characters, about; what is more goes to a temporary file of this account's own, which goes with the run."""


class SpooledRows:
    """The items of a JSON report, written out as they come. Not to be shared between threads."""

    def __init__(self) -> None:
        self._file: IO[str] = tempfile.SpooledTemporaryFile(_IN_MEMORY, mode="w+", encoding="utf-8", newline="\n")  # noqa: SIM115
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, row: object) -> None:
        """Take one row more."""
        text = json_escaped(json.dumps(row, default=to_json, ensure_ascii=False, indent=2))
        self._file.write((",\n" if self._count else "") + "    " + text.replace("\n", "\n    "))
        self._count += 1

    def blocks(self) -> Iterator[str]:
        """Return the rows as the inside of a JSON array that stands two steps deep, in pieces."""
        self._file.seek(0)
        while block := self._file.read(65_536):
            yield block

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
