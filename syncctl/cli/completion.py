"""`syncctl completion`: what makes a shell complete commands and options."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from syncctl.cli.run import Common, bare_command
from syncctl.errors import EXIT_OK, UsageError

app = typer.Typer()
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
VARIABLE = "_SYNCCTL_COMPLETE"
"""The variable by which a shell asks for completions."""


@bare_command(app, "completion")
def completion(
    common: Common,
    shell: Annotated[str, typer.Argument(help="bash, zsh, fish, powershell (Windows) or pwsh (PowerShell 7).")],
) -> int:
    """Print the script that lets a shell complete commands, options and their names with the Tab key.

    Bash: add `eval "$(syncctl completion bash)"` to ~/.bashrc; zsh likewise to ~/.zshrc, behind compinit. Fish: write it to
    ~/.config/fish/completions/syncctl.fish. PowerShell: `syncctl completion powershell >> $PROFILE`.
    """
    from syncctl.cli.output import Output, Report
    from syncctl.cli.run import new_run_id
    from syncctl.clock import system_clock

    report = Report("completion", new_run_id(system_clock), system_clock())
    script = ""
    if shell in SHELLS:
        from typer.completion import get_completion_script  # type: ignore[attr-defined]

        script = get_completion_script(prog_name="syncctl", complete_var=VARIABLE, shell=shell)
        report.extra = {"shell": shell, "script": script}
    else:
        report.fail(UsageError(f"There is no completion for {shell[:60]!r}: {', '.join(SHELLS)}."))
    if common.json or report.errors:
        Output(as_json=common.json).show(report)
    else:
        sys.stdout.write(f"{script}\n")
    return report.exit_code or EXIT_OK
