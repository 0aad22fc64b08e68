#!/usr/bin/env python3
"""The project's commands on a fresh machine; needs nothing but Python 3.11 or newer.

    python3 scripts/dev.py demo     the whole chain against a simulated store; options go to `syncctl demo`
    python3 scripts/dev.py test     lint, format, types and tests with a worker for each core; options go to pytest (-n 0: one)
    python3 scripts/dev.py lint     ruff alone
    python3 scripts/dev.py types    mypy alone
    python3 scripts/dev.py tsql     have Microsoft's T-SQL compiler and rules read sql/ (Linux x86-64; elsewhere it says NOT RUN)
    python3 scripts/dev.py teeth    plant bugs in a copy, one at a time, and show that the tests notice each (minutes)
    python3 scripts/dev.py setup    make the virtual environment and install everything, no more

Each makes `.venv` in the project's folder and installs what it needs into it, again only when pyproject.toml has changed.

A T-SQL engine for the tests is named by SYNCCTL_TEST_DATABASE or in the file `.sqlserver-test`: see the README, Development.
"""

# This file must at least start on older Pythons, to say what is wrong: no syntax newer than 3.6 in it, annotations in quotes.

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed-for.txt"
SERVER_FILE = ROOT / ".sqlserver-test"
ON_WINDOWS = os.name == "nt"
IN_MEMORY = Path("/dev/shm")  # noqa: S108  (pytest makes a folder of its own in it)
ROOM = 2 * 1024**3
"""Bytes that must be free there before thousands of trial databases are put into it, where they are several times as fast."""
SIDE_BY_SIDE = ("-n", "auto", "--dist", "worksteal")
"""Whoever is through with its own tests takes over another's. Options given later win; `-n auto` gives way to `--pdb`."""


def main(arguments: "list[str]") -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a code page without "…" must not end this
            stream.reconfigure(errors="replace")
    commands = {"demo": demo, "test": test, "lint": lint, "types": types, "tsql": tsql, "teeth": teeth, "setup": setup}
    if not arguments or arguments[0] not in commands:
        print(__doc__)
        return 0 if arguments in ([], ["--help"], ["-h"]) else 2
    if sys.version_info < OLDEST:
        return with_newer_python(arguments)
    try:
        return commands[arguments[0]](arguments[1:])
    except Failed as failure:
        print(f"dev.py: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


class Failed(Exception):
    """Something that a person has to put right; the message says what."""


def demo(options: "list[str]") -> int:
    """Show the whole chain on this machine, with nothing configured."""
    install(extras="")
    return run([venv_python(), "-m", "syncctl", "demo", *options], folder=None)


def test(options: "list[str]") -> int:
    """Run everything that a change has to pass, to the end, and say what failed: where nothing did, pytest has the last word."""
    install(extras="dev")
    steps = {
        "ruff check": [venv_python(), "-m", "ruff", "check", "."],
        "ruff format": [venv_python(), "-m", "ruff", "format", "--check", "."],
        "mypy": [venv_python(), "-m", "mypy"],
        "pytest": [venv_python(), "-m", "pytest", *SIDE_BY_SIDE, *options],
    }
    if not os.environ.get("SYNCCTL_TEST_DATABASE") and not SERVER_FILE.is_file():
        print(
            "== NOT RUN: the T-SQL half of the contract suite. Neither SYNCCTL_TEST_DATABASE nor .sqlserver-test names a server."
        )
    failed = []
    for name, command in steps.items():
        print(f"== {name}", flush=True)
        if run(command, more=fast_folder() if name == "pytest" else {}) != 0:
            failed.append(name)
    if failed:
        print(f"== failed: {', '.join(failed)}")
    return 1 if failed else 0


def fast_folder() -> "dict[str, str]":
    """Return where temporary files go while the tests run: into memory, where there is room and nobody has said otherwise."""
    if "TMPDIR" in os.environ or not IN_MEMORY.is_dir() or shutil.disk_usage(IN_MEMORY).free < ROOM:
        return {}
    return {"TMPDIR": str(IN_MEMORY)}


def lint(options: "list[str]") -> int:
    """Check style and format; `--fix` mends what can be mended."""
    install(extras="dev")
    checked = run([venv_python(), "-m", "ruff", "check", ".", *options])
    formatted = run([venv_python(), "-m", "ruff", "format", *([] if "--fix" in options else ["--check"]), "."])
    return checked or formatted


def types(options: "list[str]") -> int:
    """Check the types."""
    install(extras="dev")
    return run([venv_python(), "-m", "mypy", *options])


def tsql(options: "list[str]") -> int:
    """Check the T-SQL for each supported SQL Server; see `tsql_check.py --help`."""
    install(extras="dev")
    return run([venv_python(), "scripts/tsql_check.py", *options])


def teeth(options: "list[str]") -> int:
    """Show that the tests notice bugs; words choose among them, `--list` names them."""
    install(extras="dev")
    return run([venv_python(), "scripts/plant_bugs.py", *options])


def setup(_options: "list[str]") -> int:
    """Make the environment ready."""
    install(extras="dev")
    activate = VENV / ("Scripts/activate.bat" if ON_WINDOWS else "bin/activate")
    print(f"Ready. {'' if ON_WINDOWS else '. '}{activate} switches it on; then `syncctl --help`.")
    return 0


def install(*, extras: str) -> None:
    """Make the virtual environment and install the project into it, unless that was done for this pyproject.toml."""
    wanted = fingerprint(extras)
    if STAMP.is_file() and Path(venv_python()).exists():
        done = STAMP.read_text(encoding="utf-8").split("\n")
        if wanted in done:
            return
    else:
        done = []
        make_venv()
    print(f"Installing syncctl{' and the development tools' if extras else ''} into {VENV} …", flush=True)
    project = f".[{extras}]" if extras else "."
    pip = [venv_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", project]
    if run(pip) != 0:
        raise Failed("the installation failed; the lines above say why. Behind a proxy, set HTTPS_PROXY and run this again.")
    # What installs the development tools has installed the rest too.
    lines = {wanted, fingerprint("")} | {line for line in done if line.startswith(wanted[:64])}
    STAMP.write_text("\n".join(sorted(lines)), encoding="utf-8")


def fingerprint(extras: str) -> str:
    """Tell what an installation was made for: pyproject.toml, the Python and the place (an environment can't be moved)."""
    told = (ROOT / "pyproject.toml").read_bytes() + f"{sys.version_info[:2]}{ROOT}".encode()
    return f"{hashlib.sha256(told).hexdigest()} {extras}".strip()


def make_venv() -> None:
    """Make `.venv` anew with this Python."""
    print(f"Making {VENV} with Python {sys.version.split()[0]} …", flush=True)
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise Failed(
            f"this Python {version} ({sys.executable}) comes without venv or ensurepip. On Debian and Ubuntu: "
            f"sudo apt install python{version}-venv. Else install Python from https://www.python.org/downloads/."
        ) from None
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=not ON_WINDOWS).create(VENV)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failed(f"{VENV} can't be made: {error}") from error


def venv_python() -> str:
    """Return the environment's Python."""
    return str(VENV / ("Scripts/python.exe" if ON_WINDOWS else "bin/python"))


def with_newer_python(arguments: "list[str]") -> int:
    """Run this script again with a newer Python, where there is one."""
    candidates = [[f"python3.{minor}"] for minor in range(19, OLDEST[1] - 1, -1)] + ([["py", "-3"]] if ON_WINDOWS else [])
    new_enough = "import sys; sys.exit(sys.version_info < (3, 11))"
    for candidate in candidates:
        if shutil.which(candidate[0]) and subprocess.call([*candidate, "-c", new_enough], stderr=subprocess.DEVNULL) == 0:
            return run([*candidate, __file__, *arguments])
    print(
        f"dev.py: syncctl needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}). "
        "Install one from https://www.python.org/downloads/ or with your system's packages, then run this with it.",
        file=sys.stderr,
    )
    return 1


def run(command: "list[str]", folder: "Path | None" = ROOT, more: "dict[str, str] | None" = None) -> int:
    """Run a command in the project's folder (None: where we are), UTF-8 throughout, and return its exit code."""
    try:
        return subprocess.call(command, cwd=folder, env={**os.environ, "PYTHONUTF8": "1", **(more or {})})
    except OSError as error:
        raise Failed(f"{command[0]} can't be run: {error}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
