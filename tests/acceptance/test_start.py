"""What a command imports: its own module, its service, its part of the contract. Schedulers start one every minute."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import Program

HEAVY = (
    "apprise",
    "defusedxml",
    "hypothesis",
    "jinja2",
    "jmespath",
    "oauthlib",
    "pydantic",
    "pyodbc",
    "requests",
    "rich",
    "urllib3",
)
"""What only some runs need, and takes long to import."""

SCRIPT = """
import json, sys
from syncctl import __main__
told = {}
for words in sys.argv[1:]:
    sys.argv[1:] = words.split()
    try:
        __main__.main()
    except SystemExit as end:
        code = end.code
    own = [name for name in sys.modules if name.startswith("syncctl.")]
    told[words] = {"code": code, "modules": own, "packages": sorted({name.partition(".")[0] for name in sys.modules})}
    for name in [name for name in sys.modules if name.startswith("syncctl.") and name != "syncctl.__main__"]:
        del sys.modules[name]
print(json.dumps(told), file=sys.stderr)
"""
"""Runs each command in turn, the program's own modules being new to each; tells what was there at its end."""

OF_EVERY_JOB = {"base", "runs", "operations"}
"""The operations hold what a run asks first: whether the site is set up."""
PARTS = {
    "process -q": OF_EVERY_JOB | {"work", "outbox", "staging", "policies"},
    "health --nagios": {"base", "health"},
    "retry-failed": OF_EVERY_JOB | {"work", "outbox", "staging", "policies"},
    "validate": OF_EVERY_JOB | {"staging", "work", "policies"},
    "trace 1 --offline --json": {"base", "staging", "walks", "operations"},
    "pod-retry": OF_EVERY_JOB | {"pod", "notify", "health", "work", "policies"},
    "db check --json": OF_EVERY_JOB,
}
"""Command → the parts of the contract that it may import."""
HOMES = {"retry-failed": "process", "pod-retry": "pod"}
SHARED = {"app", "causes", "database", "help", "moments", "orders", "output", "run", "streams", "words"}
"""Modules of `syncctl/cli` that are no command's own."""
BORROWED = {
    "validate": {"process"},
    "health": {"process", "health_setup"},
    "trace": {"process"},
    "pod-retry": {"pod_setup", "pod_files"},
    "db": {"purge", "backup", "confirm"},
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, made_embedded: Path) -> dict[str, dict[str, Any]]:
    """What each command left in `sys.modules`, from one process."""
    program = Program(tmp_path_factory.mktemp("start"))
    program.settings.update(
        SYNCCTL_WOO_URL="https://127.0.0.1:9", SYNCCTL_WOO_CONSUMER_KEY="ck_1", SYNCCTL_WOO_CONSUMER_SECRET="cs_1"
    )
    shutil.copy(made_embedded, program.folder / "shop.db")
    ended = program.run("--version", *PARTS, python=("-c", SCRIPT))
    return json.loads(ended.err.splitlines()[-1])  # type: ignore[no-any-return]


def own(modules: list[str], package: str) -> set[str]:
    """The modules of one of the program's packages, by their names there."""
    return {name.removeprefix(package).partition(".")[0] for name in modules if name.startswith(package)}


def test_the_version_is_told_before_anything_is_imported(told: dict[str, dict[str, Any]]) -> None:
    assert told["--version"]["code"] == 0
    assert own(told["--version"]["modules"], "syncctl.") == {"__main__", "cli"}
    assert own(told["--version"]["modules"], "syncctl.cli.") == {"streams"}
    assert not {"typer", "typing", "dataclasses"} & set(told["--version"]["packages"])


@pytest.mark.parametrize("command", PARTS)
def test_a_command_imports_its_own_part(told: dict[str, dict[str, Any]], command: str) -> None:
    name, modules = command.split()[0], told[command]["modules"]
    home = HOMES.get(name, name)
    assert told[command]["code"] in (0, 1, 2, 3), told[command]["code"]
    assert own(modules, "syncctl.cli.") <= SHARED | {home} | BORROWED.get(name, set())
    assert own(modules, "syncctl.db.contract.") <= PARTS[command]
    assert not own(modules, "syncctl.") & {"demo"}
    assert name.startswith("pod") or not own(modules, "syncctl.") & {"carriers", "notify"}
    assert name == "health" or not own(modules, "syncctl.stores.") - {"base", "connect"}


def test_a_run_that_finds_nothing_imports_nothing_heavy(told: dict[str, dict[str, Any]]) -> None:
    """Both are the first to run in that process."""
    assert not set(told["process -q"]["packages"]) & set(HEAVY)
    assert set(told["health --nagios"]["packages"]) & set(HEAVY) <= {"requests", "urllib3"}, "which ask the store"
