"""`python -m syncctl` and the `syncctl` script."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        # Here, since loading what the commands need takes the longest: Ctrl+C may come in the middle of it.
        from syncctl.cli.app import run_app

        code = run_app(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
