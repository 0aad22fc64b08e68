"""What stands in a database under the names of syncctl's own objects and is not what a deploy made: never replaced unasked.

Each procedure, function and view that a deploy makes carries the extended property `syncctl`: the version that wrote it, and the
hash of its text (blanks don't count). Whoever changes the text leaves the property as it was; whoever makes it anew, none.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl import __version__
from syncctl.db.deploy_scripts import Script, bare
from syncctl.errors import ConfigError
from syncctl.private_files import make_file, make_folder

if TYPE_CHECKING:
    from syncctl.db.sqlserver import SqlServer

UPGRADED = frozenset({"USER_ORDER_STAGING", "USER_SYNC_LOG", "USER_CUSTOMER_MAP", "CLAIMS"})
"""Tables that a site may have from before syncctl: they are brought up to date in place, and no row of theirs is lost."""

_TABLE = re.compile(r"\bCREATE\s+TABLE\s+dbo\.(\w+)", re.IGNORECASE)
_MAY_REPLACE = "\nSite         replaces it"
_DROPPED = re.compile(r"\bDROP\s+(?:PROCEDURE|VIEW|FUNCTION)\s+IF\s+EXISTS\s+dbo\.(\w+)", re.IGNORECASE)
_KINDS = {
    "P": "procedure",
    "PC": "procedure",
    "V": "view",
    "FN": "function",
    "IF": "function",
    "TF": "function",
    "FS": "function",
    "FT": "function",
    "U": "table",
    "TR": "trigger",
    "SN": "synonym",
    "SO": "sequence",
    "SQ": "queue",
    "TT": "type",
}
_OBJECTS = """
SELECT
    thing.name AS NAME,
    thing.type AS KIND,
    module.definition AS DEFINITION,
    CONVERT(nvarchar(200), mark.value) AS MARK
FROM sys.objects AS thing
LEFT JOIN sys.sql_modules AS module ON module.object_id = thing.object_id
LEFT JOIN sys.extended_properties AS mark
    ON mark.class = 1 AND mark.major_id = thing.object_id AND mark.minor_id = 0 AND mark.name = N'syncctl'
WHERE thing.schema_id = SCHEMA_ID(N'dbo')
AND thing.type NOT IN ('PK', 'UQ', 'F', 'C', 'D', 'S', 'IT');
"""
_COLUMNS = """
SELECT col.name AS COLUMN_NAME, TYPE_NAME(col.user_type_id) AS TYPE_NAME, col.max_length AS BYTES, col.is_nullable AS TAKES_NULL
FROM sys.columns AS col WHERE col.object_id = OBJECT_ID(?) ORDER BY col.column_id;
"""
_SITES_INDEXES = """
SELECT indexed.name AS INDEX_NAME, col.name AS COLUMN_NAME
FROM sys.indexes AS indexed
INNER JOIN sys.index_columns AS keyed ON keyed.object_id = indexed.object_id AND keyed.index_id = indexed.index_id
INNER JOIN sys.columns AS col ON col.object_id = keyed.object_id AND col.column_id = keyed.column_id
WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CUSTOMER_MAP')
AND indexed.is_unique = 1 AND indexed.is_primary_key = 0 AND keyed.is_included_column = 0
ORDER BY indexed.name, keyed.key_ordinal;
"""
_OURS = "UX_USER_CUSTOMER_MAP_"
"""How the names of the deploy's own unique indexes there begin."""

_MARK = """
SET NOCOUNT ON;
DECLARE @NAME nvarchar(128) = ?, @KIND varchar(128) = ?, @VALUE sql_variant = CONVERT(nvarchar(200), ?);
IF EXISTS
(
    SELECT 1 FROM sys.extended_properties AS mark
    WHERE mark.class = 1 AND mark.major_id = OBJECT_ID(N'dbo.' + @NAME) AND mark.minor_id = 0 AND mark.name = N'syncctl'
)
    EXECUTE sys.sp_updateextendedproperty @name = N'syncctl', @value = @VALUE,
        @level0type = 'SCHEMA', @level0name = N'dbo', @level1type = @KIND, @level1name = @NAME;
ELSE
    EXECUTE sys.sp_addextendedproperty @name = N'syncctl', @value = @VALUE,
        @level0type = 'SCHEMA', @level0name = N'dbo', @level1type = @KIND, @level1name = @NAME;
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """An object in the schema dbo as the server has it. `mark` is what the deploy that made it left on it."""

    name: str
    kind: str
    text: str | None
    mark: str | None

    @property
    def version(self) -> str | None:
        """The version of syncctl that deployed it."""
        return self.mark.partition(" ")[0] if self.mark else None

    @property
    def is_as_marked(self) -> bool:
        """Whether its text is still the one that was deployed."""
        return self.mark is not None and self.text is not None and self.mark.partition(" ")[2] == _hash(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something of one of our names that is not what a deploy made."""

    name: str
    kind: str
    reason: str
    replaced: bool
    """Whether this deploy would replace it, or (a table) work with it as if it were its own."""
    text: str | None = None
    saved: str | None = None
    """The file that its text was saved to."""
    hopeless: bool = False
    """True where not even `--force` can help."""

    @property
    def told(self) -> str:
        """Name it, and say what is wrong with it."""
        return f"{self.kind} dbo.{self.name} ({self.reason})"


def standing(database: SqlServer) -> dict[str, Standing]:
    """Read every object in dbo, by its name in capitals."""
    return {
        str(row["NAME"]).upper(): Standing(
            str(row["NAME"]), _KINDS.get(str(row["KIND"]).strip(), "object"), row["DEFINITION"], row["MARK"]
        )
        for row in database.query(_OBJECTS)
    }


def is_sites_own(script: Script, there: dict[str, Standing]) -> bool:
    """Say whether a module that a site may replace (its header says so) was replaced: a deploy leaves that alone."""
    if _MAY_REPLACE not in script.text:
        return False
    things = [(there.get(name.upper()), text) for name, text in script.modules.items()]
    return any(thing is not None and thing.text is not None and bare(thing.text) != bare(text) for thing, text in things)


def look(
    database: SqlServer, there: dict[str, Standing], wanted: list[Script], due: list[Script], applied: dict[str, str]
) -> list[Found]:
    """Find what stands under our names and is not what a deploy made: modules, and tables that a script of `due` would make."""
    # Databases from before objects were marked: the journal alone tells.
    marked = any(thing.mark for thing in there.values())
    replaced = {script.name for script in due}
    modules = [
        replace(found, replaced=script.name in replaced)
        for script in wanted
        if not is_sites_own(script, there)
        for name, text in script.modules.items()
        if (found := _judged(name, text, script, there, applied, marked=marked))
    ]
    tables = _tables(database, due, there, applied)
    return [*modules, *_retired(due, there, applied), *tables, *_indexes(database, there)]


def _judged(
    name: str, text: str, script: Script, there: dict[str, Standing], applied: dict[str, str], *, marked: bool
) -> Found | None:
    thing = there.get(name.upper())
    if thing is None:
        return None
    kind = _kind(text)
    if thing.kind != kind:
        reason = f"in the way: syncctl has a {kind} of that name"
        return Found(name=name, kind=thing.kind, reason=reason, replaced=True, text=thing.text, hopeless=True)
    if thing.text is None:
        reason = "its text can't be read, and so can't be saved"
        known = script.name in applied and (thing.mark is not None or not marked)
        return None if known else Found(name=name, kind=kind, reason=reason, replaced=True, hopeless=True)
    if thing.is_as_marked or bare(thing.text) == bare(text):
        return None
    if script.name not in applied:
        reason = "no deploy made it"
    elif thing.mark is not None:
        reason = f"changed since syncctl {thing.version} was deployed"
    elif marked or applied[script.name] == script.sha256:
        reason = "made anew since it was deployed"
    else:
        return None
    return Found(name=name, kind=kind, reason=reason, replaced=True, text=thing.text)


def _retired(due: list[Script], there: dict[str, Standing], applied: dict[str, str]) -> Iterator[Found]:
    """Modules that a script takes away, and that somebody has changed."""
    for script in due:
        for name in _DROPPED.findall(script.text) if script.kind == "once" and script.name not in applied else ():
            thing = there.get(name.upper())
            if thing and thing.mark and not thing.is_as_marked:
                reason = f"changed since syncctl {thing.version} was deployed; this version takes it away"
                yield Found(name=name, kind=thing.kind, reason=reason, replaced=True, text=thing.text)


def _tables(database: SqlServer, due: list[Script], there: dict[str, Standing], applied: dict[str, str]) -> Iterator[Found]:
    for script in due:
        if script.name in applied or not script.name.startswith("schema/"):
            continue
        for name in _TABLE.findall(script.text):
            thing = there.get(name.upper())
            if thing is None or name.upper() in UPGRADED:
                continue
            if thing.kind != "table":
                reason = "in the way: syncctl has a table of that name"
                yield Found(name=name, kind=thing.kind, reason=reason, replaced=True, text=thing.text, hopeless=True)
            else:
                reason = "no deploy made it; it would be worked with as it is"
                yield Found(name=name, kind="table", reason=reason, replaced=True, text=_described(database, name))


def _indexes(database: SqlServer, there: dict[str, Standing]) -> Iterator[Found]:
    """Unique indexes of the site's own on the customer map that know no store: they stay, and keep a second one's out."""
    columns: dict[str, list[str]] = {}
    for row in database.query(_SITES_INDEXES) if "USER_CUSTOMER_MAP" in there else ():
        columns.setdefault(str(row["INDEX_NAME"]), []).append(str(row["COLUMN_NAME"]).upper())
    for name, keyed in columns.items():
        if not name.upper().startswith(_OURS) and not {"STORE_ID", "MAP_ID"} & set(keyed):
            reason = (
                f"the site's own, unique on {', '.join(keyed)} of USER_CUSTOMER_MAP whatever the store: a second store can't map "
                "the same there; where there is one, make it anew with STORE_ID"
            )
            yield Found(name=name, kind="index", reason=reason, replaced=False)


def _described(database: SqlServer, table: str) -> str:
    rows = database.query(_COLUMNS, (f"dbo.{table}",))
    lines = [f"-- {row['COLUMN_NAME']} {row['TYPE_NAME']}, {row['BYTES']} bytes, nullable {row['TAKES_NULL']}" for row in rows]
    return "\n".join([f"-- The columns of dbo.{table}; its rows are not saved here.", *lines, ""])


def save(where: str, found: list[Found], keep_in: Path, *, force: bool) -> list[Found]:
    """Save the texts of what would be replaced; return it all with the files' names.

    Raises:
        ConfigError: it may not be replaced, or can't be saved.
    """
    kept = [each for each in found if not each.replaced]
    try:
        replaced = _written([each for each in found if each.replaced], keep_in)
    except OSError as error:
        raise ConfigError(
            f"What would be replaced can't be saved in {keep_in.absolute()}: {error.strerror or error}. Nothing was changed."
        ) from error
    hopeless = [each for each in replaced if each.hopeless]
    if not replaced or (force and not hopeless):
        return [*replaced, *kept]
    told = ", ".join(each.told for each in hopeless or replaced)
    saved = f" Their texts are saved in {keep_in.absolute()}." if any(each.saved for each in replaced) else ""
    raise ConfigError(
        f"{where} has objects of syncctl's names that are not what a deploy made: {told}. Nothing was changed.{saved} "
        + (
            "Rename or drop them by hand, then deploy again."
            if hopeless
            else "Rename what is needed elsewhere; where syncctl's may take its place: `syncctl db deploy --force`."
        )
    )


def _written(found: list[Found], folder: Path) -> list[Found]:
    """Write each text into a file of its own, for this account alone; the names are our own, which every file system takes.

    With a byte order mark: Management Studio takes a file without one for one in the host's code page.

    Raises:
        OSError: the folder can't be written.
    """
    kept = []
    for each in found:
        if each.text is None:
            kept.append(each)
            continue
        make_folder(folder)
        path = folder / f"{each.name}.sql"
        make_file(path)
        path.write_bytes(each.text.encode("utf-8-sig"))
        kept.append(replace(each, saved=str(path.absolute())))
    return kept


def mark(database: SqlServer, script: Script) -> None:
    """Leave on each module of a script who wrote it, and what it is like. Inside the transaction that made it."""
    for name, text in script.modules.items():
        database.query(_MARK, (name, _kind(text).upper(), f"{__version__} {_hash(text)}"))


def mark_rest(database: SqlServer, there: dict[str, Standing], unchanged: list[Script]) -> None:
    """Leave it on modules that an older version deployed without, and that are as they were deployed."""
    for script in unchanged:
        for name, text in script.modules.items():
            thing = there.get(name.upper())
            if thing and thing.mark is None and thing.text is not None and bare(thing.text) == bare(text):
                mark(database, script)


def _kind(text: str) -> str:
    made = re.search(r"\b(PROCEDURE|VIEW|FUNCTION)\b", bare(text))
    return made.group(1).lower() if made else "object"


def _hash(text: str) -> str:
    return hashlib.sha256(bare(text).encode()).hexdigest()
