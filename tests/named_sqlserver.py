"""Which T-SQL engine tests run on.

It is named by `SYNCCTL_TEST_DATABASE`, or by the file `.sqlserver-test` at the repository's root:

    connection=SERVER=127.0.0.1,1433;DATABASE=syncctl_test;UID=sa;PWD=…;Encrypt=no
    start=docker compose -f scripts/sqlserver.compose.yaml up --wait

`start` is optional: what to run when nothing answers. The database must be empty, or one that these tests made: every row in it
goes.
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "SYNCCTL_TEST_DATABASE"
FILE = Path(__file__).resolve().parents[1] / ".sqlserver-test"
NOT_NAMED = f"{VARIABLE} is not set and there is no file {FILE.name}"


def named() -> tuple[str | None, str | None]:
    """The connection string and the start command, as far as they are given."""
    given = {}
    if FILE.exists():
        lines = (line.split("=", 1) for line in FILE.read_text(encoding="utf-8").splitlines() if "=" in line and line[0] != "#")
        given = {key.strip(): value.strip() for key, value in lines}
    return os.environ.get(VARIABLE) or given.get("connection"), given.get("start")
