"""Read T-SQL with Microsoft's own parser, compiler and analysis rules (ScriptDom and DacFx), without a server.

Run by `tsql_check.py`, which lays the packages out and judges what is found. Writes one JSON object to standard output:
{"tables": n, "objects": n, "ruled": bool, "findings": [{"file", "line", "rule", "text"}]}; `file` is relative to the folder
given. `ruled` is false where an unknown name or a syntax error kept the analysis rules from being asked.

    python3 tsql_compiler.py FOLDER VERSION [ERP]    130: SQL Server 2016, 140: 2017, 150: 2019

With ERP, of the folders under erp/ that one alone is read: each ERP makes procedures of the same names.
A script of ops/ whose header names another ERP is left out, too.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SYNTAX, UNRESOLVED = "SYNTAX", "MODEL"
"""Rules of our own: a syntax error; what the compiler says of a definition (an unknown name, most of the time)."""

COLLATION = "Latin1_General_CS_AS"
"""Names are resolved by their case too, as a case-sensitive database does: what passes here passes on any other."""

_GO = re.compile(r"^\s*GO\s*(?:--.*)?$", re.IGNORECASE | re.MULTILINE)
_OR_ALTER = re.compile(r"\bCREATE\s+OR\s+ALTER\b", re.IGNORECASE)
_ELEMENT = re.compile(r"\[dbo\]\.\[(\w+)\]")
_INTO = re.compile(r"\bINTO\s+(dbo\.\w+)\s+FROM\s+(dbo\.\w+)", re.IGNORECASE)
_TABLE_CONSTRAINTS = re.compile(r",\s*(?=CONSTRAINT\b)", re.IGNORECASE)
_CONSTRAINT = re.compile(r"\bCONSTRAINT\s+\w+", re.IGNORECASE)
_MODULE = re.compile(r"Create(?:OrAlter)?(?:Procedure|Function|View)Statement")
_BRANCHES = ("StatementList", "ThenStatement", "ElseStatement", "TryStatements", "CatchStatements", "Statement")
_DEFINITIONS = ("CreateIndexStatement", "CreateTypeTableStatement", "CreateSequenceStatement", "CreateRoleStatement")
_ERROR = "Error "
_OF_ERP = re.compile(r"^ERP {2,}(\w+)$", re.MULTILINE)
"""In the header of a script of ops/ that speaks of one ERP's tables."""
_SAYS_NOTHING = re.compile(r"Set\w*Statement|PredicateSetStatement")


@dataclass(frozen=True)
class Finding:
    """One thing that the compiler or a rule says of a line of a file."""

    file: str
    line: int
    rule: str
    text: str


@dataclass
class Source:
    """A piece of a file that the model got under a name of its own: the file, and the line where the piece starts."""

    file: str
    line: int


@dataclass
class Table:
    """A table as the scripts make it: CREATE TABLE, and what ALTER TABLE adds later."""

    text: str
    source: Source

    def add_column(self, name: str, definition: str) -> None:
        """Append a column, unless it stands there; before the table's own constraints, where it has any."""
        if re.search(rf"\b{name}\b", self.text, re.IGNORECASE):
            return
        columns, *constraints = _TABLE_CONSTRAINTS.split(
            self.text.rstrip().removesuffix(";").rstrip().removesuffix(")"), maxsplit=1
        )
        self.text = f"{', '.join([columns, definition, *constraints])})"

    def copied(self, name: str) -> str:
        """The same columns in a table of another name, constraints dropped with their names."""
        columns = _TABLE_CONSTRAINTS.split(self.text)[0]
        columns = columns if columns == self.text else f"{columns})"
        return _CONSTRAINT.sub("", re.sub(r"dbo\.\w+", name, columns, count=1))


@dataclass
class Reading:
    """The model as it fills, and what was found on the way."""

    model: Any
    sources: dict[str, Source] = field(default_factory=dict)
    modules: dict[str, Source] = field(default_factory=dict)
    """Where each module is made, by its name in small letters: the model's messages name no file."""
    tables: dict[str, Table] = field(default_factory=dict)
    """By name in small letters."""
    findings: list[Finding] = field(default_factory=list)

    def add(self, text: str, file: str, line: int) -> None:
        """Give the model a definition."""
        from Microsoft.SqlServer.Dac.Model import TSqlObjectOptions

        name = f"piece {len(self.sources)}"
        self.sources[name] = Source(file, line)
        try:
            self.model.AddOrUpdateObjects(text, name, TSqlObjectOptions())
        except Exception as error:
            self.findings.append(Finding(file, line, UNRESOLVED, _one_line(str(error))))


def load_net(site: Path) -> None:
    """Start the .NET runtime of the package dotnetcore2, and make Microsoft's assemblies importable."""
    from clr_loader import get_coreclr
    from pythonnet import set_runtime

    runtime = site / "tsql.runtimeconfig.json"
    set_runtime(get_coreclr(runtime_config=str(runtime), dotnet_root=str(site / "dotnetcore2" / "bin")))
    import clr
    import System
    from System.Reflection import Assembly

    tools = site / "mssqlcli" / "mssqltoolsservice" / "bin"

    def resolve(_: object, wanted: Any) -> Any:
        file = tools / (str(wanted.Name).split(",")[0] + ".dll")
        return Assembly.LoadFrom(str(file)) if file.exists() else None

    System.AppDomain.CurrentDomain.AssemblyResolve += System.ResolveEventHandler(resolve)
    for name in ("Microsoft.SqlServer.TransactSql.ScriptDom", "Microsoft.SqlServer.Dac", "Microsoft.SqlServer.Dac.Extensions"):
        clr.AddReference(str(tools / f"{name}.dll"))


def batches(text: str) -> list[tuple[int, str]]:
    """Split a script at its GO lines, each batch with the number of its first line."""
    found, line = [], 1
    for part in _GO.split(text):
        found.append((line, part))
        line += part.count("\n")
    return found


def statements(parsed: Any) -> list[Any]:
    """List every statement of a parsed batch, with those inside IF, BEGIN and TRY."""
    found: list[Any] = []

    def into(node: Any) -> None:
        found.append(node)
        for name in _BRANCHES:
            inner: Any = getattr(node, name, None)
            inner = getattr(inner, "Statements", inner)
            for each in inner if hasattr(inner, "Count") else (inner,):
                if each is not None:
                    into(each)

    for batch in parsed.Batches:
        for statement in batch.Statements:
            into(statement)
    return found


def read_batch(reading: Reading, parser: Any, file: str, line: int, batch: str) -> None:
    """Parse one batch and give the model what it defines.

    A script for people (`ops/`) defines nothing: it is put into a procedure, so that its names are resolved like a procedure's.
    """
    from System.IO import StringReader

    answer = parser.Parse(StringReader(batch), None)
    parsed, errors = answer if isinstance(answer, tuple) else (answer, None)
    wrong = [Finding(file, line + error.Line - 1, SYNTAX, f"{error.Number} {error.Message}") for error in errors or []]
    reading.findings += wrong
    if wrong or not batch.strip():
        return
    found = statements(parsed)
    kinds = [type(statement).__name__ for statement in found]
    if any(_MODULE.fullmatch(kind) for kind in kinds):
        head = next(statement for statement, kind in zip(found, kinds, strict=True) if _MODULE.fullmatch(kind))
        reading.modules[Path(file).stem.lower()] = Source(file, line + head.StartLine - 1)
        reading.add(_OR_ALTER.sub("CREATE", batch, count=1), file, line)
    elif file.startswith("ops/") and not all(_SAYS_NOTHING.fullmatch(kind) for kind in kinds):
        name = f"script_{Path(file).stem}_{line}"
        reading.modules[name.lower()] = Source(file, line)
        reading.add(f"CREATE PROCEDURE dbo.{name} AS BEGIN {batch}\nEND;", file, line)
        for copy, original in _INTO.findall(batch):
            if original.lower() in reading.tables:
                reading.tables.setdefault(copy.lower(), Table(reading.tables[original.lower()].copied(copy), Source(file, line)))
    else:
        for statement in found:
            piece = batch[statement.StartOffset : statement.StartOffset + statement.FragmentLength]
            define(reading, statement, piece, Source(file, line + statement.StartLine - 1))


def define(reading: Reading, statement: Any, piece: str, source: Source) -> None:
    """Note what a statement of a script says about tables, indexes, types and roles."""
    kind = type(statement).__name__
    if "#" in piece.split("(")[0]:
        return
    if kind == "CreateTableStatement":
        reading.tables.setdefault(_name(statement), Table(piece, source))
    elif kind == "AlterTableAddTableElementStatement" and _name(statement) in reading.tables:
        for column in statement.Definition.ColumnDefinitions:
            first = column.StartOffset - statement.StartOffset
            definition = piece[first : first + column.FragmentLength]
            reading.tables[_name(statement)].add_column(column.ColumnIdentifier.Value, definition)
    elif kind in _DEFINITIONS:
        reading.add(piece, source.file, source.line)


def _name(statement: Any) -> str:
    return ".".join(part.Value for part in statement.SchemaObjectName.Identifiers).lower()


def check(folder: Path, version: int, erp: str | None = None) -> dict[str, Any]:
    """Read every *.sql under the folder as this version of SQL Server would."""
    from Microsoft.SqlServer.Dac.Model import DacQueryScopes, SqlServerVersion, TSqlModel, TSqlModelOptions
    from Microsoft.SqlServer.TransactSql import ScriptDom

    parser = getattr(ScriptDom, f"TSql{version}Parser")(True)
    options = TSqlModelOptions()
    options.Collation = COLLATION
    reading = Reading(TSqlModel(getattr(SqlServerVersion, f"Sql{version}"), options))
    # Tables first: demo_schema.sql, schema/, then what copies them.
    for path in sorted(folder.rglob("*.sql"), key=lambda path: (path.parent.name == "ops", path)):
        text = path.read_text(encoding="utf-8-sig")
        of = path.parent.name if path.parent.parent.name == "erp" else "".join(_OF_ERP.findall(text))
        if erp is not None and of not in ("", erp):
            continue
        for line, batch in batches(text):
            read_batch(reading, parser, path.relative_to(folder).as_posix(), line, batch)
    for table in reading.tables.values():
        reading.add(table.text, table.source.file, table.source.line)
    reading.findings += _of_the_compiler(reading)
    ruled = not any(finding.rule == SYNTAX or finding.text.startswith(_ERROR) for finding in reading.findings)
    reading.findings += _of_the_rules(reading) if ruled else []
    return {
        "ruled": ruled,
        "tables": len(reading.tables),
        "objects": sum(1 for _ in reading.model.GetObjects(DacQueryScopes.UserDefined)),
        "findings": [asdict(finding) for finding in reading.findings],
    }


def _of_the_compiler(reading: Reading) -> list[Finding]:
    """What DacFx says when it resolves every name; its messages name the object, not the file."""
    found = []
    for message in reading.model.Validate():
        text = f"{message.MessageType} {message.Prefix}{message.Number} {_one_line(message.Message)}"
        element = _ELEMENT.search(text)
        place = reading.modules.get(
            element.group(1).lower() if element else "", Source(f"({element.group(1) if element else 'model'})", 1)
        )
        found.append(Finding(place.file, place.line, UNRESOLVED, text))
    return found


def _of_the_rules(reading: Reading) -> list[Finding]:
    """What Microsoft's own code analysis rules (SR0001 ...) say."""
    from Microsoft.SqlServer.Dac.CodeAnalysis import CodeAnalysisServiceFactory, CodeAnalysisServiceSettings

    service = CodeAnalysisServiceFactory().CreateAnalysisService(reading.model.Version, CodeAnalysisServiceSettings())
    found = []
    for problem in service.Analyze(reading.model).Problems:
        source = reading.sources[str(problem.SourceName)]
        rule = str(problem.RuleId).rpartition(".")[2]
        found.append(Finding(source.file, source.line + problem.StartLine - 1, rule, _one_line(str(problem.Description))))
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())


def main() -> int:
    """Check the folder for the version named on the command line."""
    folder, version = Path(sys.argv[1]), int(sys.argv[2])
    load_net(Path(os.environ["TSQL_CHECK_PACKAGES"]))
    json.dump(check(folder, version, *sys.argv[3:4]), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
