"""What a shell asks for with the Tab key."""

from __future__ import annotations

import pytest

from tests.acceptance.program import Program


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell", "pwsh"])
def test_each_shell_has_its_script(syncctl: Program, shell: str):
    ended = syncctl("completion", shell)
    assert (ended.code, ended.err) == (0, "")
    assert "_SYNCCTL_COMPLETE" in ended.out


def test_another_shell_has_none(syncctl: Program):
    ended = syncctl("completion", "tcsh")
    assert (ended.code, ended.out) == (2, "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("syncctl sched", "schedule"), ("syncctl schedule ins", "install"), ("syncctl stage --reconc", "--reconcile")],
)
def test_commands_and_options_are_offered(syncctl: Program, typed: str, offered: str):
    syncctl.settings |= {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1), "_SYNCCTL_COMPLETE": "complete_bash"}
    assert syncctl().out.split() == [offered]
