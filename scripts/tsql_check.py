#!/usr/bin/env python3
"""Have Microsoft's own T-SQL compiler and analysis rules read all of sql/, for each supported SQL Server, without a server.

    python3 scripts/dev.py tsql                        as CI calls it: SQL Server 2016, 2017 and 2019; no finding may be left
    python3 scripts/dev.py tsql --versions 130         one version only (130: 2016, 140: 2017, 150: 2019)
    python3 scripts/dev.py tsql --sql FOLDER           another folder than sql/

Every batch is parsed with that version's grammar. Tables, indexes, views, functions, procedures and types become a model in which
every name is resolved: an unknown table, column, procedure or parameter is a finding (MODEL), as is what the rules SR0001 to
SR0016 say. Names count with their case, as in a database of a case-sensitive collation. The scripts of ops/ are read as if they
were procedures.

A finding that is right as it stands is listed in the folder's tsql_allowed.txt with its reason; one of its lines that fits no
finding any more is a finding itself. Exit codes: 0 nothing is left, 1 findings, 2 the check could not run.

Only on Linux x86-64 with glibc: elsewhere it says NOT RUN and ends with 0. It installs what it needs (250 MB: pythonnet, the
compiler out of mssql-cli, a .NET runtime, ICU and OpenSSL for it) from the Python index into the user's cache folder, once.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
COMPILER = Path(__file__).resolve().parent / "tsql_compiler.py"
ALLOWED = "tsql_allowed.txt"
YEARS = {130: "2016", 140: "2017", 150: "2019"}

IMPORTED = ("pythonnet>=3.0,<4", "clr-loader>=0.2.7,<0.4", "cffi>=1.17", "pycparser>=2.22")
FILES_ONLY = ("mssql-cli==1.0.0", "dotnetcore2==3.1.23", "icu4py==1.2.0", "psycopg2-binary==2.9.5")
"""Never imported: the compiler, the runtime, the ICU and OpenSSL 1.1 that it loads. So any Python's wheels will do."""

WHEELS = (
    *("--only-binary", ":all:", "--python-version", "3.11", "--implementation", "cp"),
    *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64"),
)


class CannotRun(Exception):
    """The check can't be run on a machine where it should be; the message says why."""


@dataclass(frozen=True)
class Allowance:
    """A line of the file of what is allowed: which findings, and why they are right as they stand."""

    number: int
    file: str
    finding: str
    source: str
    reason: str

    def fits(self, file: str, finding: str, source: str) -> bool:
        """Tell whether it speaks of this finding. A file goes by its bare name, so that it may move; `*` stands for anything."""
        told = ((self.file, Path(file).name), (self.finding, finding), (self.source, source))
        return all(re.fullmatch(re.escape(wanted).replace(r"\*", ".*"), found) for wanted, found in told)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, report, and return the exit code."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--sql", type=Path, default=ROOT / "sql", help="the folder to read (default: sql/)")
    words.add_argument("--versions", default=",".join(map(str, YEARS)), help="compatibility levels (default: %(default)s)")
    words.add_argument("--cache", type=Path, default=cache_folder(), help="where the packages are kept (default: %(default)s)")
    chosen = words.parse_args(arguments)
    versions = [int(version) for version in chosen.versions.split(",")]
    if reason := not_here():
        print(f"== NOT RUN: Microsoft's T-SQL compiler on sql/. {reason}")
        return 0
    try:
        packages = prepared(chosen.cache)
        with ThreadPoolExecutor(os.cpu_count()) as readers:  # each takes a core and half a gigabyte
            asked = [(version, erp) for version in versions for erp in erps_of(chosen.sql)]
            told = list(readers.map(lambda each: read(packages, chosen.sql, *each), asked))
        answers = [merged([answer for (of, _), answer in zip(asked, told, strict=True) if of == each]) for each in versions]
        left = judged(chosen.sql, dict(zip(versions, answers, strict=True)), allowances(chosen.sql / ALLOWED))
    except CannotRun as error:
        print(f"tsql_check: {error}", file=sys.stderr)
        return 2
    for line in left:
        print(line)
    if not all(answer["ruled"] for answer in answers):
        print("The analysis rules were not asked: they need a model without errors.")
    for version, answer in zip(versions, answers, strict=True):
        found = len(answer["findings"])
        print(
            f"SQL Server {YEARS.get(version, version)}: {answer['tables']} tables, {answer['objects']} objects, {found} findings"
        )
    print(f"{len(left)} findings that are not allowed" if left else "nothing that is not allowed")
    return 1 if left else 0


def not_here() -> str | None:
    """Why this machine can't run the compiler; None where it can."""
    machine, libc = platform.machine(), platform.libc_ver()[0]
    if sys.platform != "linux" or machine != "x86_64" or libc != "glibc":
        return f"It runs on Linux x86-64 with glibc only; this is {sys.platform} {machine} {libc}".rstrip() + "."
    return None


def cache_folder() -> Path:
    """The folder of this user for what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "syncctl-tsql"


def prepared(cache: Path) -> Path:
    """Return the folder with the packages, installed into it first where it isn't there.

    Made under another name and moved, so that a broken or a second installation at the same time does no harm.

    Raises:
        CannotRun: the installation failed.
    """
    wanted = f"{platform.python_version()} {IMPORTED} {FILES_ONLY} {WHEELS}"
    place = cache / sha256(wanted.encode()).hexdigest()[:16]
    if place.is_dir():
        return place
    print(f"Installing Microsoft's T-SQL compiler into {place} …", flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix="making-", dir=cache))
    try:
        install(making, IMPORTED)
        install(making, FILES_ONLY, *WHEELS)
        lay_out(making)
        making.chmod(0o755)
        try:
            making.rename(place)
        except OSError:
            if not place.is_dir():
                raise
    except OSError as error:
        raise CannotRun(f"{cache} can't be written: {error}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return place


def install(folder: Path, packages: Iterable[str], *options: str) -> None:
    """Have pip put packages into a folder, without what they depend on."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(folder)]
    if subprocess.call([*pip, *options, *packages]) != 0:
        raise CannotRun("the installation failed; the lines above say why. Behind a proxy, set HTTPS_PROXY and run this again.")


def lay_out(folder: Path) -> None:
    """Give the libraries the names under which the .NET runtime looks for them, and write its configuration."""
    libraries = folder / "native"
    libraries.mkdir()
    wanted = {
        "libssl.so.1.1": "psycopg2_binary.libs/libssl-*.so.1.1",
        "libcrypto.so.1.1": "psycopg2_binary.libs/libcrypto-*.so.1.1",
        "libicuuc.so.78": "icu4py.libs/libicuuc-*.so.78.*",
        "libicui18n.so.78": "icu4py.libs/libicui18n-*.so.78.*",
    }
    for name, pattern in wanted.items():
        found = next(folder.glob(pattern), None)
        if found is None:
            raise CannotRun(f"{pattern} is in none of the packages {', '.join(FILES_ONLY)}")
        (libraries / name).symlink_to(Path("..") / found.relative_to(folder))
    framework = {"name": "Microsoft.NETCore.App", "version": "3.1.0"}
    told = {"runtimeOptions": {"tfm": "netcoreapp3.1", "framework": framework}}
    (folder / "tsql.runtimeconfig.json").write_text(json.dumps(told), encoding="utf-8")


def erps_of(folder: Path) -> list[str | None]:
    """The ERPs whose SQL lies in the folder: a model each, since each makes procedures of the same names."""
    place = folder / "erp"
    return [*sorted(entry.name for entry in place.iterdir() if entry.is_dir())] if place.is_dir() else [None]


def merged(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Put together what was found with each ERP; what they share is found with each and told once."""
    findings: list[dict[str, Any]] = []
    for answer in answers:
        findings += [finding for finding in answer["findings"] if finding not in findings]
    return {
        "tables": max(answer["tables"] for answer in answers),
        "objects": max(answer["objects"] for answer in answers),
        "ruled": all(answer["ruled"] for answer in answers),
        "findings": findings,
    }


def read(packages: Path, folder: Path, version: int, erp: str | None = None) -> dict[str, Any]:
    """Have the compiler read the folder; again where it didn't know one of the server's own objects, which it forgets at times.

    Raises:
        CannotRun: it ended with an error.
    """
    for _ in range(3):
        answer = read_once(packages, folder, version, erp)
        if answer["ruled"] or not any(
            "SQL71501" in each["text"] and "object [sys]." in each["text"] for each in answer["findings"]
        ):
            break
    return answer


def read_once(packages: Path, folder: Path, version: int, erp: str | None) -> dict[str, Any]:
    """Have the compiler read the folder, in a process of its own, and return what it wrote (see `tsql_compiler.py`).

    Raises:
        CannotRun: it ended with an error.
    """
    libraries = [packages / "native", packages / "icu4py.libs", packages / "psycopg2_binary.libs"]
    environment = {
        **os.environ,
        "PYTHONPATH": str(packages),
        "PYTHONUTF8": "1",
        "TSQL_CHECK_PACKAGES": str(packages),
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
        "CLR_ICU_VERSION_OVERRIDE": "78",
        "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
    }
    command = [sys.executable, str(COMPILER), str(folder.resolve()), str(version), *([erp] if erp else [])]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    if ended.returncode != 0:
        told = ended.stderr.strip().splitlines()
        raise CannotRun(f"the compiler ended with {ended.returncode} (level {version}):\n" + "\n".join(told[-15:]))
    answer: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return answer


def allowances(path: Path) -> list[Allowance]:
    """Read the file of what is allowed: `file | finding | line of the file | reason`; `#` starts a remark.

    Raises:
        CannotRun: a line has no reason, or another form.
    """
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split(" | ")]
        if len(parts) < 4 or not all(parts):
            raise CannotRun(f"{path.name}:{number}: `file | finding | line of the file | reason` is wanted")
        found.append(Allowance(number, parts[0], parts[1], " | ".join(parts[2:-1]), parts[-1]))
    return found


def judged(folder: Path, answers: dict[int, dict[str, Any]], allowed: list[Allowance]) -> list[str]:
    """Give a line for each finding that nothing allows, and for each allowance that fits nothing."""
    texts: dict[str, list[str]] = {}
    left: dict[tuple[str, int, str, str], list[int]] = {}
    used: set[Allowance] = set()
    for version, answer in answers.items():
        for finding in answer["findings"]:
            file, line = finding["file"], finding["line"]
            if file not in texts:
                path = folder / file
                texts[file] = path.read_text(encoding="utf-8-sig").splitlines() if path.is_file() else []
            source = texts[file][line - 1].strip() if line <= len(texts[file]) else ""
            told = f"{finding['rule']} {finding['text']}"
            fitting = [each for each in allowed if each.fits(file, told, source)]
            used.update(fitting)
            if not fitting:
                versions = left.setdefault((file, line, told, source), [])
                versions += [version] if version not in versions else []
    lines = [
        f"{folder.name}/{file}:{line}: {told} [{_years(versions)}]\n    {source}"
        for (file, line, told, source), versions in sorted(left.items())
    ]
    return lines + [
        f"{folder.name}/{ALLOWED}:{each.number}: fits no finding any more: {each.file} | {each.finding} | {each.source}"
        for each in allowed
        if each not in used and all(answer["ruled"] for answer in answers.values())
    ]


def _years(versions: Iterable[int]) -> str:
    return ", ".join(YEARS.get(version, str(version)) for version in versions)


if __name__ == "__main__":
    sys.exit(main())
