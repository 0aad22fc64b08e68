"""`syncctl demo` on a database that somebody named: again and again, and without telling its password."""

from __future__ import annotations

from tests.acceptance.program import Program


def test_twice_on_the_same_database(syncctl: Program) -> None:
    for _ in range(2):
        shown = syncctl("demo", "--orders", "14", "--database", syncctl.database, "--json")
        assert shown.code == 0, shown.out
        assert shown.json["counts"]["orders"] == 16
        assert set(shown.json["invariants"].values()) == {True}
