"""Write the tables of procedures and views in `sql/README.md` anew, from the contract and the headers of the SQL files.

python scripts/sql_readme.py            rewrite the file
python scripts/sql_readme.py --check    exit 1 where it is out of date
"""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from syncctl.db.contract import PROCEDURES, Procedure
from syncctl.db.deploy_scripts import Script, scripts

README = Path(__file__).resolve().parents[1] / "sql" / "README.md"
BEGIN, END = "<!-- procedures: written by scripts/sql_readme.py -->", "<!-- end -->"

TITLES = {
    "staging": "Staging: orders from the store",
    "work": "Work: claim, validate, create, update, cancel, fail",
    "policies": "Policies: what becomes of failures, by their class",
    "outbox": "Outbox: what the store is told",
    "health": "Health: what waits, polls, causes of review",
    "operations": "Operations: runs, audit, dead letters, rollback, settings",
    "pod": "Proof of delivery: claims, documents, carriers' budgets",
    "pods": "Proof of delivery: claims and documents",
    "carriers": "Carriers' budgets",
    "notifications": "Messages to people",
    "notify": "Messages to people",
    "customers": "Customers: the queue",
}


def tables() -> str:
    """The tables, one for each part of the contract, then what the procedures share."""
    texts = {name: script for script in scripts("counterpoint") for name in script.modules}
    parts: dict[str, list[type[Procedure[Any]]]] = {}
    for procedure in PROCEDURES:
        parts.setdefault(procedure.__module__.rsplit(".", 1)[-1], []).append(procedure)
    lines = []
    order = list(TITLES)
    for part in sorted(parts, key=lambda name: order.index(name) if name in order else len(order)):
        lines += [
            f"### {TITLES.get(part, part.capitalize())}",
            "",
            "| procedure | called by | parameters | result | errors | repeatable |",
        ]
        lines += ["|---|---|---|---|---|---|"]
        lines += [_row(procedure, texts[procedure.name]) for procedure in parts[part] if procedure.name in texts]
        lines.append("")
    contract = {procedure.name for procedure in PROCEDURES}
    lines += [
        "### What they share",
        "",
        "Called by the procedures above only, inside their transaction; no role may execute them.",
        "",
    ]
    lines += ["| object | purpose |", "|---|---|"]
    inner = [name for name in texts if name not in contract and not name.startswith("USER_V_")]
    lines += [f"| `{name}` | {_purpose(texts[name])} |" for name in sorted(inner)]
    lines += [
        "",
        "### Microsoft RMS",
        "",
        "What `erp/rms/` has beside the procedures and functions of the same names as CounterPoint's.",
    ]
    lines += ["", "| object | purpose |", "|---|---|"]
    others = {name: script for script in scripts("rms") for name in script.modules if name not in texts}
    lines += [f"| `{name}` | {_purpose(others[name])} |" for name in sorted(others)]
    lines += ["", "### Views", "", "| view | shows |", "|---|---|"]
    lines += [f"| `{name}` | {_purpose(texts[name])} |" for name in sorted(texts) if name.startswith("USER_V_")]
    return "\n".join(lines)


def _row(procedure: type[Procedure[Any]], script: Script) -> str:
    header = _header(script)
    given = [f"`@{field.name.upper()}`" for field in fields(procedure)]  # type: ignore[arg-type]
    columns = [f"`{field.name.upper()}`" for field in fields(procedure.returns)]
    said = [header.get("Called by", ""), ", ".join(given) or "none", ", ".join(columns) or "none", header.get("Errors", "")]
    again = header.get("Repeatable", "").partition(":")[0]
    return f"| `{procedure.name}` | " + " | ".join(_cell(text) for text in said) + f" | {_cell(again)} |"


def _header(script: Script) -> dict[str, str]:
    """The sections of a file's header comment, each on one line."""
    comment = script.text.split("/*", 1)[1].split("*/", 1)[0]
    found: dict[str, str] = {}
    section = ""
    for line in comment.split("\n"):
        if start := re.match(r"([A-Z][a-z]+(?: by)?) {2,}(.*)", line):
            section = start.group(1)
            found[section] = start.group(2).strip()
        elif section and line.startswith(" "):
            found[section] += " " + line.strip()
        else:
            section = ""
    return found


def _purpose(script: Script) -> str:
    comment = script.text.split("/*", 1)[1].split("*/", 1)[0].strip("\n").split("\n")
    lines = []
    for line in comment[1:]:
        if not line.startswith("    "):
            break
        lines.append(line.strip())
    return _cell(" ".join(lines))


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def rewritten(text: str) -> str:
    """The README's text with the tables of today."""
    before, rest = text.split(BEGIN, 1)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.split(END, 1)[1]}"


def main(arguments: list[str]) -> int:
    """Rewrite or check; return the exit code."""
    text = README.read_text(encoding="utf-8")
    new = rewritten(text)
    if "--check" in arguments:
        return int(new != text)
    README.write_text(new, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
