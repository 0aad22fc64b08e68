"""How a command opens its database: which of them may make one, and what it says where there is none.

A job that a scheduler starts in the wrong folder finds no settings and no database. Were it to make one, it would succeed for
ever on an empty one. So only what brings data in makes a database, and says where.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.clock import system_clock
from syncctl.errors import NoDatabase
from syncctl.profiles import require_chosen, require_own_store
from syncctl.settings_files import env_path

if TYPE_CHECKING:
    from syncctl.cli.run import Run
    from syncctl.db.contract import Database

_log = logging.getLogger("syncctl.cli")


@dataclass(frozen=True, slots=True)
class Use:
    """What a command may do about a database that isn't as others need it."""

    makes: bool = False
    """Make an embedded one where there is none."""
    needs_store: bool = False
    """Whether it could do nothing with a new one without a store, and then makes none."""
    any_version: bool = False
    """Work on one of whatever version: the command looks at that itself."""
    one_store: bool = False
    """Whether it works for one store: where there are profiles, one has to be chosen."""
    of_store: bool = False
    """Whether its runs are noted as those of the store that is chosen, where one is: another store's don't stand for them."""
    writes_settings: bool = False
    """Whether it writes the files of settings: then they need not be right yet, and the profile may be a new one."""


AS_IT_IS = Use()
"""What most commands may do: nothing."""


def connect(run: Run, *, first: bool) -> Database:
    """Open a connection to the run's database; the `first` of a run sees to it that this program knows its version.

    Raises:
        NoDatabase: there is none, and this command makes none; the message says how to get one.
        ConfigError: it is a newer syncctl's; or the settings that a new one needs are missing; or two profiles share a store.
        DatabaseUnavailable: no connection.
    """
    from syncctl.db.connect import embedded_path, is_embedded, open_database, require_known_version

    settings, use = run.settings, run.use
    if first:
        if use.one_store:
            require_chosen(settings)
        require_own_store(settings, run.env_file)
    if use.makes and use.needs_store and is_embedded(settings.database) and not embedded_path(settings.database).exists():
        settings.need(*settings.store_keys)
    try:
        database = open_database(
            settings.database,
            clock=None if run.clock is system_clock else run.clock,
            login_timeout=settings.database_login_timeout,
            query_timeout=settings.database_query_timeout,
            create=use.makes,
            erp=settings.erp,
        )
    except NoDatabase as error:
        raise NoDatabase(f"{error} {_advice(run)}") from error
    if getattr(database, "made", False):
        _log.warning("Made the embedded database %s.", embedded_path(settings.database).absolute())
    if first and not use.any_version:
        try:
            require_known_version(database)
        except BaseException:
            database.close()
            raise
    return database


def _advice(run: Run) -> str:
    """Say where the name of the missing database comes from, and which command makes one."""
    makes = (
        "The first `syncctl stage` makes it, or `syncctl db seed --from-store` with the store's items and customers "
        "(`syncctl db seed --empty` without)."
    )
    settings = run.settings
    origin = settings.origin("database")
    if origin == "flag":
        return f"Is --database right? {makes}"
    if origin != "default":
        return f"Is SYNCCTL_DATABASE right (from {settings.where('database')})? {makes}"
    env_file = env_path(run.env_file)
    if settings.profile:
        return (
            f"SYNCCTL_DATABASE is set neither in {settings.own_file} nor in {env_file.name}, so this is the place for it. {makes}"
        )
    if not env_file.exists():
        return (
            f"SYNCCTL_DATABASE is not set, and there is no settings file {env_file.name} in {Path.cwd()}: a job has to start in "
            f"the folder of its {env_file.name}, or name it with --env-file. {makes}"
        )
    return f"SYNCCTL_DATABASE is not set, so this is the place for it. {makes}"


def own_store(run: Run) -> str:
    """Return the name of the store that a command works for.

    Raises:
        ConfigError: there are several profiles, and none is chosen.
    """
    require_chosen(run.settings)
    return run.settings.store_id
