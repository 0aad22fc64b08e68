"""What all commands share: how one is declared, and how it runs from its settings to its report.

A command module declares a function and says with `@command(…)` what it needs; everything else happens here.
"""

from __future__ import annotations

from syncctl.cli.run.declare import bare_command as bare_command, command as command
from syncctl.cli.run.options import COMMON as COMMON, COMMON_PANEL as COMMON_PANEL, Common as Common
from syncctl.cli.run.running import (
    Call as Call,
    Job as Job,
    Run as Run,
    execute as execute,
    new_run_id as new_run_id,
    user as user,
)
