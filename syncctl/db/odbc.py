"""ODBC connection strings, and the driver that takes them: which one is here, and what to install where none is."""

from __future__ import annotations

import platform
import re
import sys
from importlib.util import find_spec
from pathlib import Path

from syncctl.errors import ConfigError
from syncctl.secret import HIDDEN, passwords_in

MICROSOFT = ("ODBC Driver 18 for SQL Server", "ODBC Driver 17 for SQL Server")
FREETDS = "FreeTDS"
"""Names under which a driver manager knows the drivers that work. Microsoft's, also that of `syncctl[odbc]`, is the better."""

APPLICATION = "syncctl"
"""What the server calls our sessions (`program_name`), unless the connection string says otherwise."""

_USUAL_PORT = "1433"
_THIS_HOST = (".", "(local)", "localhost", "127.0.0.1", "::1")
_PART = re.compile(r"\s*([^=;{}]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)\s*(?:;|$)")


def parts(connection_string: str) -> dict[str, str]:
    """Take a connection string apart: keyword in capitals, value without its braces. The first of a repeated keyword counts."""
    found: dict[str, str] = {}
    for keyword, value in _PART.findall(connection_string):
        bare = value[1:-1].replace("}}", "}") if value.startswith("{") else value.strip()
        found.setdefault(keyword.strip().upper(), bare)
    return found


def join(pieces: dict[str, str]) -> str:
    """Put a connection string together again, values braced where they need it."""
    return ";".join(f"{keyword}={_braced(value)}" for keyword, value in pieces.items())


def _braced(value: str) -> str:
    if not re.search(r"[;{}\s=]", value):
        return value
    return "{" + value.replace("}", "}}") + "}"


def describe(connection_string: str) -> str:
    """Name server and database, nothing secret."""
    pieces = parts(connection_string)
    server = pieces.get("SERVER") or pieces.get("ADDRESS") or pieces.get("ADDR") or pieces.get("DSN") or "(no server named)"
    database = pieces.get("DATABASE")
    return f"{server}/{database}" if database else server


def server_and_database(connection_string: str) -> str:
    """Return server and database as one text, the same however they are spelt: keywords, case, `tcp:`, usual port, this host."""
    pieces = parts(connection_string)
    dsn = pieces.get("DSN") or pieces.get("FILEDSN")
    server = pieces.get("SERVER") or pieces.get("ADDRESS") or pieces.get("ADDR") or (f"dsn={dsn}" if dsn else "")
    host, _, port = server.strip().lower().removeprefix("tcp:").partition(",")
    port = port.strip() or pieces.get("PORT", "").strip()
    host = "localhost" if host.strip() in _THIS_HOST else host.strip()
    return f"{host}{f',{port}' if port not in ('', _USUAL_PORT) else ''}/{pieces.get('DATABASE', '').strip().lower()}"


def without_secrets(text: str, connection_string: str) -> str:
    """Hide this connection's secrets wherever a message repeats them."""
    for secret in passwords_in(connection_string):
        text = text.replace(secret, HIDDEN) if secret else text
    return text


def find_driver() -> str:
    """Return the driver to use: a name the driver manager knows, or the path of the one that `syncctl[odbc]` brings.

    Raises:
        ConfigError: pyodbc can't be loaded, or there is no driver; the message says what to install on this system.
    """
    try:
        import pyodbc
    except ImportError as error:
        raise ConfigError(missing_manager(str(error))) from error
    registered = set(pyodbc.drivers())
    for name in MICROSOFT:
        if name in registered:
            return name
    path = bundled_driver()
    if path is not None:
        return str(path)
    if FREETDS in registered:
        return FREETDS
    raise ConfigError(f"No ODBC driver for SQL Server is installed. {install_hint('driver')}")


def bundled_driver() -> Path | None:
    """The driver inside the mssql-python-odbc package (the extra `syncctl[odbc]`), for this system; None without it."""
    spec = find_spec("mssql_python_odbc")
    if spec is None or spec.origin is None or sys.platform == "win32":
        return None
    libraries = Path(spec.origin).parent / "libs"
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin":
        found = sorted(libraries.glob(f"macos/{machine}/lib/libmsodbcsql*.dylib"))
    else:
        found = sorted(libraries.glob(f"linux/{_distribution()}/{machine}/lib/libmsodbcsql*.so*"))
        found = found or sorted(libraries.glob(f"linux/*/{machine}/lib/libmsodbcsql*.so*"))
    return found[-1] if found else None


def missing_manager(reason: str) -> str:
    """Say why pyodbc doesn't load, and what to install."""
    if "libodbc" in reason or sys.platform != "win32":
        return f"SQL Server needs an ODBC driver manager, which is not here ({reason}). {install_hint('manager')}"
    return f"pyodbc can't be loaded ({reason}). Install syncctl again: pip install --force-reinstall pyodbc"


def install_hint(what: str) -> str:
    """One sentence for this system: how to get the driver `manager`, or a `driver`."""
    with_wheel = ' or, with no rights on this host: pip install "syncctl[odbc]"'
    if sys.platform == "win32":
        return "Download and install 'Microsoft ODBC Driver 18 for SQL Server' (https://aka.ms/msodbcsql) on this host."
    if sys.platform == "darwin":
        if what == "manager":
            return "Install it: brew install unixodbc"
        return f"Install one: brew install msodbcsql18 (tap microsoft/mssql-release){with_wheel}"
    family = _distribution()
    if what == "manager":
        command = {
            "debian_ubuntu": "apt install unixodbc",
            "rhel": "dnf install unixODBC",
            "suse": "zypper install unixODBC",
            "alpine": "apk add unixodbc",
        }[family]
        return f"Install it: {command}"
    command = {
        "debian_ubuntu": "apt install msodbcsql18 (from packages.microsoft.com), or apt install tdsodbc",
        "rhel": "dnf install msodbcsql18 (from packages.microsoft.com), or dnf install freetds-libs",
        "suse": "zypper install msodbcsql18 (from packages.microsoft.com)",
        "alpine": "apk add freetds",
    }[family]
    return f"Install one: {command}{with_wheel}"


def _distribution() -> str:
    """Which family of Linux this is, in the words of the driver package's folders."""
    try:
        known = platform.freedesktop_os_release()
    except OSError:
        return "debian_ubuntu"
    names = f"{known.get('ID', '')} {known.get('ID_LIKE', '')}".lower()
    for family, signs in (("rhel", ("rhel", "fedora", "centos")), ("suse", ("suse", "sles")), ("alpine", ("alpine",))):
        if any(sign in names for sign in signs):
            return family
    return "debian_ubuntu"


def complete(connection_string: str) -> str:
    """Add what a connection string leaves open: the driver, our name, and encryption where the driver doesn't encrypt by itself.

    TLS is on, and the server's certificate is verified, unless the connection string says otherwise (`Encrypt=no`,
    `TrustServerCertificate=yes`). FreeTDS gets its port and protocol version in its own words.

    Raises:
        ConfigError: no server is named, or no driver is here.
    """
    pieces = parts(connection_string)
    if not pieces.keys() & {"SERVER", "ADDRESS", "ADDR", "DSN", "FILEDSN"}:
        raise ConfigError(
            "SYNCCTL_DATABASE is neither sqlite:///PATH nor an ODBC connection string: it names no server "
            "(SERVER=host,port;DATABASE=name;Trusted_Connection=yes)."
        )
    if pieces.keys() & {"DSN", "FILEDSN"}:
        return join(pieces)
    if "DRIVER" not in pieces:
        pieces = {"DRIVER": find_driver(), **pieces}
    pieces.setdefault("APP", APPLICATION)
    if "tdsodbc" in pieces["DRIVER"].lower() or "freetds" in pieces["DRIVER"].lower():
        return join(_for_freetds(pieces))
    pieces.setdefault("ENCRYPT", "yes")
    return join(pieces)


def _for_freetds(pieces: dict[str, str]) -> dict[str, str]:
    """FreeTDS takes the port, the encryption and Windows authentication under other names."""
    told = dict(pieces)
    server, comma, port = told.get("SERVER", "").removeprefix("tcp:").partition(",")
    if comma:
        told["SERVER"] = server.strip()
        told.setdefault("PORT", port.strip())
    told.setdefault("TDS_VERSION", "7.4")
    told.setdefault("CLIENTCHARSET", "UTF-8")
    encrypt = told.pop("ENCRYPT", "yes").lower()
    told.pop("TRUSTSERVERCERTIFICATE", None)
    if encrypt not in ("no", "false", "0", "optional"):
        told.setdefault("ENCRYPTION", "require")
    return told
