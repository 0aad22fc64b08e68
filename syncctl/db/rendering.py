"""Fitting the SQL to a site: what is written into the ERP's tables names only columns that the site has, as wide as there.

The files under `sql/erp/` write the whole document, as the trial ERP takes it. Here each INSERT and UPDATE of a vendor's table is
read column by column: one that the site lacks is left out, a text is cut to its column, and a column that must be given and that
nothing fills gets the value that the site has set for it; where it has set none, that is a problem, and nothing is deployed.
Rows that are made like others get every column of the site's: of a row of their table (`FROM dbo.TABLE AS template`), or of cells
that were read before (`FROM @CELL AS cell`).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from syncctl.db.deploy_scripts import Script
from syncctl.db.rendering_lists import NO_TEXT, fill_lists, quoted
from syncctl.db.site_catalogue import Catalogue, Column, Table

_INSERT = re.compile(
    r"INSERT INTO dbo\.\[?(\w+)\]?\s*\(([^()]*)\)\s*(SELECT(?:\s+DISTINCT)?(?:\s+TOP \([^)]*\))?|VALUES\s*\()", re.IGNORECASE
)
_UPDATE = re.compile(r"\bUPDATE\s+(?:dbo\.)?\[?(\w+)\]?(?:\s+WITH \([^)]*\))?\s+SET\b", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_TOKEN = re.compile(r"/\*.*?\*/|--[^\n]*|N?'(?:[^']|'')*'|[()]|,|;|\b[A-Za-z_]+\b|.", re.DOTALL)
_ENDS_OF_SELECT = frozenset({"FROM", "WHERE", "UNION", "ORDER", "GROUP", "HAVING", "OPTION"})
_ENDS_OF_SET = frozenset({"FROM", "WHERE", "OUTPUT", "OPTION"})
_ASSIGNMENT = re.compile(r"\s*(?:\w+\.)?(@?\w+)\s*[-+*/]?=")
_KEYS = ("_ID", "_NO", "_COD", "_TYP", "_GUID", "_STAT", "_UNIT")
"""Endings of columns that hold keys and codes, which are never cut: what is left would be another one."""
_HELD = re.compile(r"CONVERT\(varchar\((\d+)\), ((?:(?!CONVERT\().)+?) COLLATE (\w+)\) /\* as (\w+)\.(\w+) \*/")
"""A text as a column of the ERP's holds it: cut to its width, in its code page."""

_WIDTH = re.compile(r"\b(\d+) /\* width of (\w+)\.(\w+) \*/")
"""How many letters a column of the ERP's takes."""

_TEMPLATE = r"\bFROM dbo\.{table} AS template\b"
_MODEL = re.compile(r"FROM @CELL AS cell\b")
_NOT_COPIED = re.compile(r"\bNot copied: ([^*]+(?:\*(?!/)[^*]*)*)\*/")
_TRIAL_ONLY = ("sp_SeedDemoErp.sql", "sp_SeedDemoDeposit.sql")
"""Fills a trial ERP and refuses any other: what it would leave unfilled on a site stops nothing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps the SQL from fitting this site. `column` is TABLE.COLUMN."""

    script: str
    column: str
    message: str


@dataclass(slots=True)
class _Statement:
    """A list of columns with what goes into each, where it stands in the text."""

    table: str
    columns: list[str]
    values: list[str]
    """Of an INSERT, what goes into each column; of an UPDATE, each assignment as it stands, column and all."""
    rebuild: Callable[[list[str], list[str]], str]
    start: int
    end: int
    inserts: bool
    template: bool = False
    """True for an INSERT that makes a row like another one of its table, which it calls `template`."""
    model: bool = False
    """True for an INSERT that makes rows of the cells of a model, which it has in `@CELL`: every column of the site's."""


def render(script: Script, site: Catalogue, trial: Catalogue) -> tuple[Script, list[Problem]]:
    """Return the script as it fits the site, and what doesn't fit.

    `trial` is what the file was written for: where the two are alike, the script is returned as it is.
    """
    script = _as_held(script, site)
    text = fill_lists(script.text, site, trial)
    problems: list[Problem] = []
    statements = list(_statements(text, site))
    copied = {statement.table for statement in statements if statement.template} if site.has_template else set()
    for statement in reversed(statements):
        found: list[Problem] = []
        columns, values = _fitted(script, statement, site, trial, found)
        # What a template fills is no problem where there is one, and its twin without one is never come to.
        problems += [] if statement.table in copied and statement.inserts and not statement.template else found
        if (columns, values) != (statement.columns, statement.values):
            text = text[: statement.start] + statement.rebuild(columns, values) + text[statement.end :]
    return (script if text == script.text else replace(script, text=text)), problems[::-1]


def _as_held(script: Script, site: Catalogue) -> Script:
    """Convert every text that is marked with its column as that column is here: its type, its width, its collation."""

    def converted(found: re.Match[str]) -> str:
        width, text, collation, table, name = found.groups()
        column = site.tables.get(table, {}).get(name.upper())
        if column is None or not column.kind:
            return found.group()
        letters = column.width or int(width)
        text = text.replace(f", {width})", f", {letters})")
        kind = "nvarchar" if column.kind.startswith("n") else "varchar"
        collated = "" if kind == "nvarchar" else f" COLLATE {column.collation or collation}"
        return f"CONVERT({kind}({letters}), {text}{collated}) /* as {table}.{name} */"

    def measured(found: re.Match[str]) -> str:
        width, table, name = found.groups()
        column = site.tables.get(table, {}).get(name.upper())
        return f"{(column and column.width) or width} /* width of {table}.{name} */"

    text = _WIDTH.sub(measured, _HELD.sub(converted, script.text))
    return script if text == script.text else replace(script, text=text)


def _fitted(
    of: Script, statement: _Statement, site: Catalogue, trial: Catalogue, problems: list[Problem]
) -> tuple[list[str], list[str]]:
    """Return the columns that the site has, and what goes into each."""
    script = of.name
    there = site.tables[statement.table]
    known = trial.tables.get(statement.table, {})
    if statement.model:
        return _of_model(script, statement, site, known, problems)
    columns, values = [], []
    for name, value in zip(statement.columns, statement.values, strict=True):
        column = there.get(name.upper())
        if name.startswith("@"):
            columns.append(name)
            values.append(value)
        if column is None:
            continue
        wider = 0 if _is_key(name) else _widest(site, name)
        width = _cut_to(column, known.get(name.upper()), wider if wider > _widest(trial, name) else 0)
        if width is not None and _is_key(name):
            problems.append(
                Problem(script, f"{statement.table}.{name}", f"takes {width} letters only, fewer than syncctl writes there")
            )
            width = None
        columns.append(name)
        cut = value if width is None else _wrapped("LEFT", value, str(width))
        values.append(_never_null(cut, column, known.get(name.upper()), site.given.get(f"{statement.table}.{name}".upper())))
    if not columns:
        full = ", ".join(f"{statement.table}.{name}" for name in statement.columns)
        problems.append(Problem(script, full, "are all missing, and syncctl has to write one of them"))
        return statement.columns, statement.values
    if statement.inserts:
        filled = {name.upper() for name in columns}
        own = _not_copied(of.text) if statement.template else re.compile(".*")
        for key, column in there.items():
            if key in filled or column.generated:
                continue
            if not own.fullmatch(key):
                columns.append(_name(column))
                values.append(f"template.{_name(column)}")
                continue
            if not column.must_be_given:
                continue
            if statement.template and column.is_number:  # a balance, a total: nothing yet
                columns.append(_name(column))
                values.append("0")
                continue
            full = f"{statement.table}.{column.name}"
            if full.upper() in site.given:
                columns.append(column.name)
                values.append(_literal(site.given[full.upper()]))
            else:
                problems.append(Problem(script, full, "takes no NULL, has no default, and nothing fills it"))
    return columns, values


def _of_model(
    script: str, statement: _Statement, site: Catalogue, known: Table, problems: list[Problem]
) -> tuple[list[str], list[str]]:
    """Return every column of the site's with its cell of the model.

    Of bytes, which no cell holds, and of columns that the ERP has got since the model was read, those are written that the
    site gave a value for; the others are left to the database.
    """
    read = {full.partition(".")[2] for full in site.modelled if full.startswith(f"{statement.table}.")}
    written = dict(
        zip((name.upper() for name in statement.columns), zip(statement.columns, statement.values, strict=True), strict=True)
    )
    there = site.tables[statement.table]
    columns, values = [], []
    for key in [*(key for key in written if key in there), *(key for key in there if key not in written)]:
        column, cell = there[key], _cell(there[key])
        if column.generated:
            continue
        if not cell or (read and key not in read):
            given = site.given.get(f"{statement.table}.{key}")
            if given is not None:
                columns.append(_name(column))
                values.append(_literal(given))
            elif column.must_be_given:
                why = "takes no NULL, has no default, and the model of a deposit ticket has no value for it"
                problems.append(Problem(script, f"{statement.table}.{column.name}", why))
            continue
        like = known.get(key)
        name, value = written.get(key, (_name(column), cell))
        columns.append(name)
        values.append(value if like is not None and _cell(like) == cell else cell)
    return columns, values


def _cell(column: Column) -> str:
    """Write what a column gets of the model's cells, as the column holds it; "" where no cell can hold it."""
    kind = column.kind
    if kind in NO_TEXT:
        return ""
    text = f"MAX(CASE WHEN cell.COLUMN_NAME = '{column.name.upper()}' THEN cell.VALUE END)"
    if column.is_text:
        return f"CONVERT({kind}({column.width or 'max'}), {text})"
    if column.digits:
        return f"CONVERT(decimal({column.digits[0]}, {column.digits[1]}), {text})"
    if kind in ("datetime", "datetime2", "smalldatetime", "date"):
        return f"CONVERT(datetime2(3), {text}, 126)"
    return f"CONVERT({kind}, {text})"


def _not_copied(text: str) -> re.Pattern[str]:
    """Return what tells a row's own columns from those that it has from a template; the script lists them, * is anything."""
    listed = _NOT_COPIED.search(text)
    names = listed.group(1).split() if listed else []
    return re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in names))


def _name(column: Column) -> str:
    return column.name if re.fullmatch(r"[A-Za-z_]\w*", column.name) else "[" + column.name.replace("]", "]]") + "]"


def _cut_to(column: Column, known: Column | None, wider: int) -> int | None:
    """Return the site's width where it is narrower than what the SQL was written for, or than where a text comes from."""
    if column.width is None or known is None:
        return None
    return column.width if known.width is None or column.width < max(known.width, wider) else None


def _widest(catalogue: Catalogue, name: str) -> int:
    """Return how wide the widest column of that name is: a text that fits there may go into others of the name."""
    columns = (table.get(name.upper()) for table in catalogue.tables.values())
    return max((column.width for column in columns if column is not None and column.width is not None), default=0)


def _is_key(name: str) -> bool:
    return name.upper().endswith(_KEYS)


def _never_null(value: str, column: Column, known: Column | None, given: str | None) -> str:
    """Keep NULL out of a column that takes none here, and does where the SQL was written."""
    if column.takes_null or known is None or not known.takes_null:
        return value
    if given is not None:
        return _wrapped("COALESCE", value, _literal(given))
    return value if column.nothing is None else _wrapped("COALESCE", value, column.nothing or "''")


def _wrapped(function: str, value: str, argument: str) -> str:
    """Put a value into a function's brackets, and leave its place in the line as it is."""
    assigned = _ASSIGNMENT.match(value)
    head, rest = (value[: assigned.end()], value[assigned.end() :]) if assigned else ("", value)
    lead = rest[: len(rest) - len(rest.lstrip())]
    comment_ends = "\n" if "--" in rest.rsplit("\n", 1)[-1] else ""
    return f"{head}{lead}{function}({rest.strip()}{comment_ends}, {argument})"


def _literal(value: str) -> str:
    """Write a site's value as T-SQL: a number as it is, anything else as text."""
    if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,8})?", value):
        return value
    return f"N{quoted(value)}"


def _statements(text: str, site: Catalogue) -> Iterator[_Statement]:
    """Find every INSERT and UPDATE of one of the site's tables."""
    for found in _INSERT.finditer(text):
        table = found.group(1).upper()
        if table in site.tables and not _quoted(text, found.start()):
            yield _insert(text, found, table)
    for found in _UPDATE.finditer(text):
        if _quoted(text, found.start()):
            continue
        end = _end_of_list(text, found.end(), _ENDS_OF_SET)
        table = _updated_table(text, found.group(1), end)
        if table in site.tables:
            yield _update(text, found, table, end)


def _quoted(text: str, at: int) -> bool:
    """True inside a comment: an example in a procedure's header is no statement."""
    return text.rfind("/*", 0, at) > text.rfind("*/", 0, at)


def _insert(text: str, found: re.Match[str], table: str) -> _Statement:
    columns = [name.strip() for name in found.group(2).split(",")]
    in_values = found.group(3).upper().startswith("VALUES")
    end = _end_of_list(text, found.end(), frozenset() if in_values else _ENDS_OF_SELECT)
    values = _split(text[found.end() : end])
    if len(values) != len(columns):
        raise ValueError(f"INSERT INTO {table} has {len(columns)} columns and {len(values)} values")
    indent = " " * (found.start() - text.rfind("\n", 0, found.start()) - 1)
    head = text[found.start() : found.start(2)]
    between = text[found.end(2) : found.end()]
    tail = text[end - (len(text[found.end() : end]) - len(text[found.end() : end].rstrip())) : end]

    def rebuild(names: list[str], written: list[str]) -> str:
        listed = f"\n{indent}    ".join(textwrap.wrap(", ".join(names), 100, break_long_words=False))
        return f"{head}\n{indent}    {listed}\n{indent}{between}{','.join(_placed(written, indent))}{tail}"

    behind = text[end : text.find(";", end)]
    template = re.match(_TEMPLATE.format(table=table), behind, re.IGNORECASE) is not None
    model = _MODEL.match(behind) is not None
    return _Statement(table, columns, values, rebuild, found.start(), end, inserts=True, template=template, model=model)


def _update(text: str, found: re.Match[str], table: str, end: int) -> _Statement:
    body = text[found.end() : end]
    assignments = _split(body)
    columns = []
    for assignment in assignments:
        assigned = _ASSIGNMENT.match(assignment)
        if not assigned:
            raise ValueError(f"UPDATE {table} sets something that is no column: {assignment.strip()}")
        columns.append(assigned.group(1))
    head, tail = text[found.start() : found.end()], body[len(body.rstrip()) :]

    def rebuild(_names: list[str], written: list[str]) -> str:
        return f"{head}{','.join(written)}{tail}"

    return _Statement(table, columns, assignments, rebuild, found.start(), end, inserts=False)


def _placed(values: list[str], indent: str) -> list[str]:
    """Put values that came without a place of their own on lines of their own."""
    return [value if value.startswith(("\n", " ")) else f"\n{indent}    {value}" for value in values]


def _updated_table(text: str, name: str, end: int) -> str:
    """Return the table that an UPDATE changes; `name` may be an alias, which the FROM behind it explains."""
    rest = text[end : text.find(";", end)]
    alias = re.search(rf"dbo\.\[?(\w+)\]?(?:\s+AS)?\s+{re.escape(name)}\b", rest)
    return (alias.group(1) if alias else name).upper()


def _end_of_list(text: str, start: int, ends: frozenset[str]) -> int:
    """Return where a list of values ends: at one of these words, a semicolon, or the bracket that it stands in."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        word = token.group()
        if word == "(":
            depth += 1
        elif word == ")":
            if depth == 0:
                return token.start()
            depth -= 1
        elif depth == 0 and (word == ";" or word.upper() in ends):
            return token.start()
    return len(text)


def _split(text: str) -> list[str]:
    """Split at the commas outside of brackets, strings and comments; the CASE … END inside an expression has none."""
    parts, depth, start = [], 0, 0
    for token in _TOKEN.finditer(text):
        word = token.group()
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "," and depth == 0:
            parts.append(text[start : token.start()])
            start = token.end()
    parts.append(text[start:].rstrip())
    return parts


def render_all(scripts: list[Script], site: Catalogue, trial: Catalogue) -> tuple[list[Script], list[Problem]]:
    """Fit every script to the site."""
    rendered: list[Script] = []
    problems: list[Problem] = []
    for script in scripts:
        if script.kind == "once" or not script.name.startswith("erp/"):
            rendered.append(script)
            continue
        fitted, found = render(script, site, trial)
        rendered.append(fitted)
        problems += [] if script.name.endswith(_TRIAL_ONLY) else [*found, *_read(fitted, site, trial)]
    return rendered, problems


def _read(script: Script, site: Catalogue, trial: Catalogue) -> Iterator[Problem]:
    """Find columns that the site lacks and that the script reads: by the name that a table has in a statement."""
    code = _COMMENT.sub("", script.text)
    for table, columns in trial.tables.items():
        if table not in site.tables:
            continue  # told as a missing table, or looked for by the script first
        lacking = columns.keys() - site.tables[table].keys()
        names = set(re.findall(rf"\bdbo\.\[?{table}\]?\s+AS\s+(\w+)", code, re.IGNORECASE)) if lacking else set()
        for key in sorted(lacking if names else ()):
            if re.search(rf"\b(?:{'|'.join(sorted(names))})\.{key}\b", code, re.IGNORECASE):
                yield Problem(script.name, f"{table}.{columns[key].name}", "is missing, and syncctl reads it")


def told(problems: list[Problem]) -> str:
    """Say every problem once, by column."""
    return "; ".join(sorted({f"{problem.column} {problem.message}" for problem in problems}))
