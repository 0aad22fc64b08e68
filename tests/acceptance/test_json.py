"""Every command, those added later too, keeps the contract of --json, whatever becomes of it."""

from __future__ import annotations

import pytest

from scripts.cli_reference import commands
from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program

COMMANDS = {name: parameters for name, _, parameters in commands()}
KEYS = [
    "schema_version",
    "run_id",
    "command",
    "status",
    "exit_code",
    "started_at",
    "duration_seconds",
    "counts",
    "items",
    "errors",
]


@pytest.mark.parametrize("name", COMMANDS)
def test_json_is_one_object_with_the_promised_keys(syncctl: Program, store: SimulatedStore, name: str):
    words = name.split()[1:]
    needed = [parameter for parameter in COMMANDS[name] if parameter.required]
    values = ["1" for parameter in needed if parameter.argument]
    options = [word for parameter in needed if not parameter.argument for word in (parameter.names[0], "a test")]
    ended = syncctl(*words, *values, *options, "--json")
    told = ended.json
    assert [key for key in told if key in KEYS] == KEYS
    assert told["command"] == " ".join(words)
    assert isinstance(told["counts"], dict)
    assert isinstance(told["items"], list)
    assert all(isinstance(error["message"], str) for error in told["errors"])
    assert (told["exit_code"] == 0) == (told["errors"] == []) or told["exit_code"] == 1
    assert "Unexpected" not in str(told["errors"])
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", ["stage", "process"])
def test_counts_have_their_names_though_nothing_happened(syncctl: Program, store: SimulatedStore, name: str):
    named = {
        "stage": ["polled", "staged", "restaged", "cancel_staged", "unchanged", "skipped", "errors"],
        "process": ["claimed", "created", "updated", "cancelled", "failed", "review", "written_back", "write_back_pending"],
    }[name]
    counts = syncctl(name, "--json").json["counts"]
    assert list(counts) == named
    assert set(counts.values()) == {0}
