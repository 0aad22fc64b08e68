#!/usr/bin/env python3
"""Write the trial ERP's tables and columns into the lists that the SQL under `sql/erp/` has of them (see `rendering_lists`)."""

from __future__ import annotations

from syncctl.db.deploy_scripts import erps, scripts, sql_root
from syncctl.db.rendering_lists import fill_lists
from syncctl.db.site_catalogue import demo_catalogue


def main() -> None:
    """Rewrite each script whose lists aren't today's."""
    for erp in erps():
        trial = demo_catalogue(erp)
        for script in scripts(erp):
            text = fill_lists(script.text, trial, trial)
            if script.name.startswith("erp/") and text != script.text:
                (sql_root() / script.name).write_text(text, encoding="utf-8", newline="\n")  # type: ignore[attr-defined]  # a checkout's
                print(f"sql/{script.name}")


if __name__ == "__main__":
    main()
