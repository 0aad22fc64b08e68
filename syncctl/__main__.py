"""`python -m syncctl` and the `syncctl` script."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    if sys.argv[1:] == ["--version"]:
        sys.exit(_version())
    try:
        from syncctl.cli.app import run_app
    except KeyboardInterrupt:  # nothing has begun
        sys.exit(130)
    sys.exit(run_app(sys.argv[1:]))


def _version() -> int:
    """Print the version, as the option of the program does, before anything else is imported: deployments ask for it often."""
    from syncctl import __version__
    from syncctl.cli.streams import told

    def tell() -> int:
        sys.stdout.write(f"syncctl {__version__}\n")
        return 0

    return told(tell, unwritten=78)  # errors.EXIT_CONFIG


if __name__ == "__main__":
    main()
