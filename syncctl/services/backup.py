"""Copy all of syncctl's own tables into a file, and put such a file back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.db.contract import Database, ListErpSettings

if TYPE_CHECKING:
    from syncctl.db.backup import Backup
    from syncctl.db.restore import Restored


def backup(database: Database, path: Path, *, now: datetime, progress: Callable[[int], None] = lambda _: None) -> Backup:
    """Write every table into a new file, all of one moment.

    Raises:
        UsageError: there is such a file already.
        ConfigError: it can't be written.
        DatabaseUnavailable: no connection.
    """
    from syncctl.db.backup import write_backup
    from syncctl.db.backup_tables import open_tables

    name = next((setting.value for setting in database.run(ListErpSettings()) if setting.name == "DATABASE_ID"), None)
    with closing(open_tables(database)) as tables:
        return write_backup(tables, path, now=now, database_id=name, progress=progress)


def restore(database: Database, path: Path, *, now: datetime, settings_only: bool, dry_run: bool) -> Restored:
    """Put a backup back, all of it or nothing; a dry run does it and takes it back.

    Raises:
        ConfigError: the file is no whole backup of such a database.
        WrongState: it would make something happen twice, or lose something; not in a dry run, which lists it.
    """
    from syncctl.db.backup_tables import open_tables
    from syncctl.db.restore import restore as put_back, try_restore

    with closing(open_tables(database)) as tables:
        if dry_run:
            return try_restore(tables, path, now=now, settings_only=settings_only)
        return put_back(tables, path, now=now, settings_only=settings_only, dry_run=False)
