"""The carriers that a run can ask: those that ship where their settings are there, and those of carrier files.

Finds one by what a claim says. All but one of those that ship are files themselves, in `shipped/`; a file of a shop's is laid
over them with `builtin = "…"`, or takes the place of one by its name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from syncctl.carriers.base import Carrier
from syncctl.carriers.carrier_file import CarrierFile, carrier_file, laid_over, read_table
from syncctl.carriers.declarative import declared
from syncctl.carriers.gls import Gls
from syncctl.clock import Clock, system_clock
from syncctl.errors import ConfigError
from syncctl.secret import Secret
from syncctl.settings_pod import PodSettings

SHIPPED = Path(__file__).parent / "shipped"
BUILTIN: tuple[str, ...] = tuple(sorted([Gls.name, *(path.stem for path in SHIPPED.glob("*.toml"))]))
_GLS_ALIASES = ("GLS Hungary", "MyGLS")
_GLS_SANDBOX = "https://api.test.mygls.hu"


@dataclass(frozen=True, slots=True)
class Catalog:
    """The carriers of one run."""

    carriers: Mapping[str, Carrier]
    missing: Mapping[str, str]
    """Carriers that ship and can't be asked, and the settings that they want."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Every key and password of all of them, for the log's filter."""
    labels: Mapping[str, str] = field(default_factory=dict)
    sandboxed: frozenset[str] = frozenset()
    """Carriers that are asked at their address for trials (SYNCCTL_POD_SANDBOX)."""

    def name_of(self, said: str) -> str | None:
        """Return the name of the carrier that a claim calls `said`, whether it can be asked or not; None for one nobody knows."""
        known = {folded(name): name for name in (*self.carriers, *self.missing)}
        return {**self.aliases, **known}.get(folded(said))

    def label_of(self, name: str) -> str:
        """Return what people call a carrier, whether it can be asked or not; nothing for one nobody knows."""
        return self.labels.get(name, "")


def folded(said: str) -> str:
    """Return a carrier's name without what spellings differ in: case, accents, blanks of any kind, dashes, marks such as ®.

    The one place that says what is one carrier: the database compares spellings as they are.
    """
    letters = "".join(letter for letter in said if letter.isalnum())  # first: spread out, a ™ would be two of them
    spread = unicodedata.normalize("NFKD", letters.casefold()).casefold()
    return "".join(letter for letter in spread if letter.isalnum())


def open_catalog(
    settings: PodSettings,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    clock: Clock = system_clock,
) -> Catalog:
    """Make the carriers that ship and those that the files of `folder` describe.

    Raises:
        ConfigError: a file that makes no sense, two that describe one carrier, or a carrier without an address for trials.
    """
    held: dict[str, str | Secret] = {**(environment or {}), **_of_settings(settings)}
    own = [carrier_file(path, table, held) for path, table in _tables(folder)]
    over = {file.builtin: file for file in own if file.builtin}
    strange = sorted(set(over) - set(BUILTIN))
    if strange:
        raise ConfigError(f"{over[strange[0]].path}: builtin takes {', '.join(BUILTIN)}, not {strange[0]}.")
    files = [_shipped(path, over.get(path.stem), held) for path in sorted(SHIPPED.glob("*.toml"))]
    replaced = {file.name for file in own if not file.builtin}
    files = [file for file in files if file.name not in replaced]
    made: dict[str, Carrier] = {file.name: declared(file, clock=clock) for file in files if not file.missing}
    missing = {file.name: ", ".join(file.missing) for file in files if file.missing}
    gls = None if Gls.name in replaced else _gls(settings, over.get(Gls.name), missing, clock)
    if gls:
        made[gls.name] = gls
    for file in own:
        if file.builtin:
            continue
        if file.name in made:
            raise ConfigError(f"{file.path}: there is a carrier {file.name} already; give this one another name.")
        made[file.name] = declared(file, clock=clock)
    everyone = [*files, *own]
    aliases = {folded(alias): Gls.name for alias in _GLS_ALIASES}
    aliases |= {folded(alias): file.builtin or file.name for file in everyone for alias in (file.label, *file.aliases)}
    labels = {Gls.name: Gls.label, **{file.name: file.label for file in everyone if not file.builtin}}
    sandboxed = _sandboxed(settings, files, made, clock)
    return Catalog(made, missing, aliases, _secrets(everyone, made), labels, sandboxed)


def _of_settings(settings: PodSettings) -> dict[str, str | Secret]:
    """Return the settings of carriers by the names that files call them by; what is not set, or off, is left out."""
    held = {
        f"SYNCCTL_{each.name.upper()}": getattr(settings, each.name) for each in fields(settings) if each.name.startswith("pod_")
    }
    return {name: value if isinstance(value, Secret) else str(value) for name, value in held.items() if value}


def _tables(folder: Path | None) -> list[tuple[Path, dict[str, object]]]:
    if folder is None or not folder.is_dir():
        return []
    return [(path, read_table(path)) for path in sorted(folder.glob("*.toml"))]


def _shipped(path: Path, over: CarrierFile | None, held: Mapping[str, str | Secret]) -> CarrierFile:
    """Read a carrier that ships, with what a shop's file says otherwise."""
    table = read_table(path)
    if over is None:
        return carrier_file(path, table, held, shipped=True)
    return carrier_file(over.path, laid_over(table, read_table(over.path)), held, shipped=True)


def _gls(settings: PodSettings, over: CarrierFile | None, missing: dict[str, str], clock: Clock) -> Gls | None:
    """Make the one carrier whose requests no file can describe: the password travels as a list of the bytes of its hash."""
    username, password = settings.pod_gls_username, settings.pod_gls_password
    if not username or not password:
        wanted = {"SYNCCTL_POD_GLS_USERNAME": username, "SYNCCTL_POD_GLS_PASSWORD": password}
        missing[Gls.name] = ", ".join(name for name, value in wanted.items() if not value)
        return None
    base = (over.base_url if over else None) or (_GLS_SANDBOX if Gls.name in _asked_for(settings) else None)
    more = {} if base is None else {"base_url": base}
    return Gls(username=username, password=password, limits=over.limits if over else None, clock=clock, **more)


def _asked_for(settings: PodSettings) -> set[str]:
    return {name for said in (settings.pod_sandbox or "").split(",") if (name := said.strip())}


def _sandboxed(settings: PodSettings, files: Iterable[CarrierFile], made: dict[str, Carrier], clock: Clock) -> frozenset[str]:
    """Make those carriers anew that are to be asked at their address for trials; return their names."""
    known = {file.name: file for file in files}
    for name in _asked_for(settings) - {Gls.name}:
        address = known[name].table.get("sandbox_url") if name in known else None
        if not address:
            able = sorted([Gls.name, *(each for each, file in known.items() if file.table.get("sandbox_url"))])
            raise ConfigError(f"SYNCCTL_POD_SANDBOX: {name} has no address for trials; {', '.join(able)} have one.")
        if name in made:
            made[name] = declared(known[name], clock=clock, base_url=str(address))
    return frozenset(_asked_for(settings) & set(made))


def _secrets(files: Iterable[CarrierFile], made: Mapping[str, Carrier]) -> tuple[str, ...]:
    """Return what the files took from the environment, and what the carriers were given beyond that, each once."""
    held = [secret for file in files for secret in file.secrets]
    held += [secret for carrier in made.values() for secret in carrier.secrets]
    return tuple(dict.fromkeys(held))
