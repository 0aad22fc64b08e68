"""Every command of the program, with arguments that make sense: for tests that hold all of them to one rule."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer
from typer.models import ArgumentInfo, OptionInfo

from syncctl.cli.run import COMMON

SOUND = {
    ("completion",): ("bash",),
    ("config", "set"): ("store_id", "main"),
    ("config", "policy", "set"): ("deadlock", "--max-attempts", "5"),
    ("config", "erp", "set"): ("STR_ID", "01"),
    ("config", "erp", "import"): ("--yes",),
    ("config", "erp", "deposit-model"): ("TILL-2", "--yes"),
    ("config", "erp", "column"): ("PS_DOC_HDR.FORM_ID", "WEB"),
    ("customers", "status"): ("1",),
    ("customers", "lines"): ("1",),
    ("customers", "activity"): ("1",),
    ("customers", "retry"): ("1",),
    ("customers", "force-done"): ("1", "--reason", "a test", "--yes"),
    ("customers", "cancel"): ("1", "--yes"),
    ("alerts", "ack"): ("1",),
    ("db", "backup"): ("backup.gz",),
    ("db", "restore"): ("backup.gz", "--dry-run"),
    ("db", "seed"): ("--from-store",),
    ("db", "compare-document"): ("101-000001", "20-100238"),
    ("dead-letter", "show"): ("1",),
    ("dead-letter", "retry"): ("--all",),
    ("dead-letter", "cancel"): ("--all", "--yes"),
    ("dead-letter", "reopen"): ("--all",),
    ("dead-letter", "deposit"): ("1", "--taken", "19.99", "--yes"),
    ("pod", "add"): ("CL-1", "--carrier", "UPS", "--tracking", "1Z999AA10123456784"),
    ("pod", "document"): ("CL-1", "--output", "document.pdf"),
    ("pod", "export"): ("CL-1",),
    ("pod", "preference"): ("C1",),
    ("item", "set"): ("TEA", "--pack", "6"),
    ("map", "item", "set"): ("TEA", "MUG"),
    ("map", "item", "remove"): ("TEA",),
    ("map", "customer", "set"): ("ada@example.test", "C100"),
    ("map", "customer", "remove"): ("ada@example.test",),
    ("map", "status", "set"): ("shipped", "completed"),
    ("map", "status", "remove"): ("shipped",),
    ("map", "pay", "set"): ("stripe", "WEB"),
    ("map", "pay", "remove"): ("stripe",),
    ("map", "tax", "set"): ("US-NY-TAX-1", "NY", "TAX"),
    ("map", "tax", "remove"): ("US-NY-TAX-1",),
    ("schedule", "install"): ("--dry-run",),
    ("schedule", "remove"): ("--dry-run",),
    ("schedule", "run"): ("health",),
    ("rollback",): ("1", "--reason", "a test order", "--yes"),
    ("trace",): ("4711", "--offline"),
}
"""What a command needs to run at all."""


@dataclass(frozen=True)
class Command:
    """A command by its words, with its own parameters (those of every command not among them)."""

    path: tuple[str, ...]
    parameters: tuple[inspect.Parameter, ...]

    def __str__(self) -> str:
        return " ".join(self.path)

    def sound(self) -> tuple[str, ...]:
        """A command line that makes sense."""
        return (*self.path, *SOUND.get(self.path, ()))

    def options(self) -> Iterator[tuple[str, Any]]:
        """Each option of its own that takes a value: its name, and how it was declared."""
        for parameter in self.parameters:
            if parameter.name in COMMON:
                continue
            declared = info(parameter)
            if isinstance(declared, OptionInfo) and not isinstance(parameter.default, bool):
                names = [name for name in declared.param_decls or () if name.startswith("--")]
                yield (names or [f"--{parameter.name.replace('_', '-')}"])[0], declared

    def arguments(self) -> int:
        """How many arguments it takes, one of many counted once."""
        return sum(isinstance(info(parameter), ArgumentInfo) for parameter in self.parameters)


def info(parameter: inspect.Parameter) -> OptionInfo | ArgumentInfo | None:
    """How an argument or option was declared."""
    for part in getattr(parameter.annotation, "__metadata__", ()):
        if isinstance(part, (OptionInfo, ArgumentInfo)):
            return part
    return None


def commands(app: typer.Typer, before: tuple[str, ...] = ()) -> list[Command]:
    """Every command of the program or group."""
    found = []
    for each in app.registered_commands:
        assert each.callback is not None
        parameters = [item for item in inspect.signature(each.callback).parameters.values() if info(item) is not None]
        found.append(Command((*before, str(each.name)), tuple(parameters)))
    for group in app.registered_groups:
        assert group.typer_instance is not None
        found += commands(group.typer_instance, (*before, group.name) if isinstance(group.name, str) else before)
    return found
