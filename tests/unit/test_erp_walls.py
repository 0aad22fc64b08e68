"""The walls of the document port: no table, word or width of an ERP is known outside its own folders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncctl.db.embedded.erp import ERPS

ROOT = Path(__file__).resolve().parents[2]
WORDS = re.compile(
    r"\b(?:PS|IM|AR|EC|SY)_[A-Z]\w*|\bCounterPoint\b|\bcounterpoint\b|QTY_ON_SO|QTY_ON_ORD|QTY_COMMIT"
    r"|\bOrder(?:Entry|History)\b|\bdbo\.\[?(?:Order|Item|Customer|ShipTo|Alias|Configuration)\b|\bItemLookupCode\b"
    r"|\bQuantity(?:Committed|OnOrder|RTD)\b|\bReferenceNumber\b|\bMicrosoft RMS\b|\bRMS\b|\brms\b"
)
ALLOWED = {
    "syncctl/db/embedded/erp.py": "the registry names each ERP's package",
    "syncctl/cli/db.py": "a person chooses the ERP",
    "syncctl/cli/demo.py": "a person chooses the ERP",
    "syncctl/settings.py": "a person chooses the ERP",
    "syncctl/db/embedded/upgrades/013.sql": "files of an older version have CounterPoint's tables",
    "syncctl/db/embedded/upgrades/006.sql": "files of an older version have CounterPoint's tables",
    "syncctl/db/embedded/upgrades/011.sql": "files of an older version get CounterPoint's settings",
    "syncctl/db/embedded/upgrades/017.sql": "files of an older version get what a trial ERP is set up by",
    "syncctl/db/embedded/upgrades/003.sql": "files of an older version belonged to CounterPoint",
}


def files() -> list[Path]:
    sql = [
        path
        for folder in ("schema", "functions", "views", "procedures", "security")
        for path in (ROOT / "sql" / folder).glob("*.sql")
    ]
    sql += [ROOT / "sql/ops" / name for name in ("BACKUP_SYNC_TABLES.sql", "RESTORE_SYNC_TABLES.sql")]
    python = [path for path in (ROOT / "syncctl").rglob("*") if path.suffix in (".py", ".sql")]
    return [path for path in (*sql, *python) if not ERPS.keys() & set(path.relative_to(ROOT).parts)]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_an_erps_words_stay_in_its_folders(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    found = sorted({word for line in path.read_text(encoding="utf-8").splitlines() for word in WORDS.findall(line)})
    if name in ALLOWED:
        assert found, f"{name} is allowed for nothing any more"
        return
    assert found == []
