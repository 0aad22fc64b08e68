"""The commands of the runbook and of the other guides, as they stand there, on a shop with something of everything."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncctl.cli.app import HOMES
from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Ended, Program
from tests.raws import raw_order

DOCS = Path(__file__).resolve().parents[2] / "docs"
STANDS_FOR = {
    "ID": "1",
    "123": "1",
    "NUMBER": "4711",
    "DATE": "2026-11-15",
    "WHO": "ada@example.test",
    "CUST_NO": "C100",
    "SKU": "NOT-THERE",
    "ITEM_NO": "TEE-BLK",
    "OURS": "101-000001",
    "THEIRS": "101-000001",
    "CLASS": "deadlock",
    "TABLE.COLUMN": "PS_DOC_HDR.FORM_ID",
    "VALUE": "01",
    "NAME": "STR_ID",
    "…": "a reason",
    "FILE": "guide.jsonl.gz",
    "CLAIM": "CL-1",
    "CLAIM…": "CL-1",
    "CLM-2024-001": "CL-1",
    "QUEUE": "1",
    "TICKET": "TILL-2",
}
"""What the guides' words in capitals are in this shop."""
MENTIONED = ("syncctl trace", "syncctl rollback", "syncctl stage --since", "syncctl customers", "syncctl map customer")
"""What the guides speak of, and nobody types as it stands."""
REFUSED = (
    "add --yes",
    "embedded database",
    "no terminal",
    "The ERP has no document",
    "has no document",
    "There is no way to tell anybody",
    "has no row for",
    "No value for",
    "is there already",
    "takes D once there is a deposit ticket",
)
"""What a command may say that ends with 2 or 78 here: nobody is there to be asked, and this is no SQL Server."""


def commands(*guides: str) -> Iterator[tuple[str, str]]:
    """Give each command of these guides once, with its guide; those of several stores have tests of their own."""
    seen: set[str] = set()
    for guide in guides:
        text = (DOCS / guide).read_text(encoding="utf-8")
        for inline, fenced in re.findall(r"`(syncctl [^`]+)`|^(syncctl [^\n]+)$", text, re.MULTILINE):
            words = " ".join(inline.split()) if inline else re.split(r"  +", fenced)[0].split(" #")[0].strip()
            if (
                "--profile" not in words
                and words not in (*MENTIONED, *seen)
                and any(word in HOMES for word in words.split()[1:3])
            ):
                seen.add(words)
                yield guide, words


COMMANDS = [
    pytest.param(words, id=words)
    for _, words in commands(
        "GOING_LIVE.md",
        "OPERATIONS_RUNBOOK.md",
        "ALERTS.md",
        "CUSTOMERS.md",
        "ROLLBACK_PROCEDURES.md",
        "BACKUP_RECOVERY.md",
        "PROOF_OF_DELIVERY.md",
    )
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, made_embedded: Path) -> Iterator[Program]:
    """A shop with an order in the ERP, one in review, one that waits and a claim; each test leaves the next one what it did."""
    import shutil

    program = Program(tmp_path_factory.mktemp("runbook"))
    shutil.copy(made_embedded, program.folder / "shop.db")
    with SimulatedStore() as store:
        program.connect_to(store)
        program.settings |= {"SYNCCTL_UNKNOWN_CUSTOMER": "create", "SYNCCTL_RETRY_DELAY_BASE": "0"}
        (program.folder / ".env").write_text("SYNCCTL_LEASE_SECONDS=300\n", encoding="utf-8")
        (program.folder / ".env").chmod(0o600)
        store.load(
            [
                raw_order(("TEE-BLK", 1, "19.99"), id=4711, number="4711"),
                raw_order(("NOT-THERE", 1, "9.99"), id=4712, number="4712"),
                raw_order(("TEE-BLK", 2, "19.99"), id=4713, number="4713"),
            ]
        )
        assert program("db", "seed", "--from-store", "--with-deposit").code == 0
        assert program("stage", "--since", "2026-10-01").code == 0
        program("process", "--order", "4711")
        program("pod", "add", "CL-1", "--carrier", "UPS", "--tracking", "1Z999AA10123456784")
        assert program("db", "backup", STANDS_FOR["FILE"]).code == 0  # whichever of the commands comes first
        yield program


def run(shop: Program, words: str) -> Ended:
    typed = [STANDS_FOR.get(word, word) for word in shlex.split(words)[1:]]
    if "--database" in typed:
        typed[typed.index("--database") + 1] = shop.database
    return shop(*typed)


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_of_a_guide_runs_as_it_stands(shop: Program, words: str):
    ended = run(shop, words)
    said = ended.out + ended.err
    assert "--help` tells more" not in said, (words, said[:500])
    assert "Traceback" not in said, (words, said[:2000])
    assert "Unexpected" not in said, (words, said[:500])
    if ended.code not in (0, 1):
        assert any(known in said for known in REFUSED), (words, ended.code, said[:500])


def test_there_are_commands_to_be_run():
    assert len(COMMANDS) > 60
