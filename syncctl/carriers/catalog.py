"""Which carriers there are: the built-in ones whose credentials are set, and those described in files.

Finds one by what a claim says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from syncctl.carriers.base import Carrier
from syncctl.carriers.chronopost import Chronopost
from syncctl.carriers.declarative import CarrierFile, Declarative, read_carrier_file
from syncctl.carriers.dhl_express import DhlExpress
from syncctl.carriers.dpd import Dpd
from syncctl.carriers.fedex import FedEx
from syncctl.carriers.gls import Gls
from syncctl.carriers.laposte import LaPoste
from syncctl.carriers.ups import Ups
from syncctl.clock import Clock, system_clock
from syncctl.errors import ConfigError
from syncctl.settings_pod import PodSettings

BUILTIN: Mapping[str, Callable[..., Carrier]] = {
    carrier.name: carrier for carrier in (Chronopost, LaPoste, DhlExpress, FedEx, Ups, Dpd, Gls)
}
_ALIASES = {
    "laposte": ("La Poste", "Colissimo", "Lettre suivie"),
    "dhl_express": ("DHL", "DHL Express"),
    "fedex": ("FedEx", "Federal Express"),
    "ups": ("United Parcel Service",),
    "dpd": ("DPD France", "DPD Germany"),
    "gls": ("GLS Hungary", "MyGLS"),
}


@dataclass(frozen=True, slots=True)
class Catalog:
    """The carriers of one run."""

    carriers: Mapping[str, Carrier]
    missing: Mapping[str, str]
    """Built-in carriers that can't be asked, and the settings that they want."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    """Every key and password of all of them, for the log's filter."""

    def name_of(self, said: str) -> str | None:
        """Return the name of the carrier that a claim calls `said`, whether it can be asked or not; None for one nobody knows."""
        known = {folded(name): name for name in (*self.carriers, *self.missing)}
        return {**self.aliases, **known}.get(folded(said))

    def label_of(self, name: str) -> str:
        """Return what people call a carrier, whether it can be asked or not; nothing for one nobody knows."""
        known = self.carriers.get(name) or BUILTIN.get(name)
        return str(getattr(known, "label", ""))


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
    """Make the carriers that the settings and the files of `folder` describe.

    Raises:
        ConfigError: a file that makes no sense, or two that describe one carrier.
    """
    files = _files(folder, environment or {})
    changed = {file.builtin: file for file in files if file.builtin}
    strange = sorted(set(changed) - set(BUILTIN))
    if strange:
        raise ConfigError(f"{changed[strange[0]].path}: builtin takes {', '.join(sorted(BUILTIN))}, not {strange[0]}.")
    made: dict[str, Carrier] = {}
    missing: dict[str, str] = {}
    aliases = {folded(alias): name for name, spelled in _ALIASES.items() for alias in spelled}
    for name, (carrier, given) in _builtin(settings).items():
        wanted = [f"SYNCCTL_POD_{name.upper()}_{key.upper()}" for key, value in given.items() if value is None]
        if wanted:
            missing[name] = ", ".join(wanted)
            continue
        given.pop("enabled", None)
        made[name] = carrier(**given, **_changes(changed.get(name)), clock=clock)
    for file in files:
        aliases.update({folded(alias): file.builtin or file.name for alias in (file.label, *file.aliases)})
        if file.builtin:
            continue
        if file.name in made:
            raise ConfigError(f"{file.path}: there is a carrier {file.name} already; give this one another name.")
        missing.pop(file.name, None)
        made[file.name] = Declarative(file, clock=clock)
    return Catalog(made, missing, aliases, _secrets(files, made))


def _secrets(files: Iterable[CarrierFile], made: Mapping[str, Carrier]) -> tuple[str, ...]:
    """Return what the files took from the environment, and what the carriers were given beyond that, each once."""
    held = [secret for file in files for secret in file.secrets]
    held += [secret for carrier in made.values() for secret in carrier.secrets]
    return tuple(dict.fromkeys(held))


def _builtin(held: PodSettings) -> dict[str, tuple[Callable[..., Carrier], dict[str, object]]]:
    """Return each built-in carrier with what its constructor wants, from the settings of the same names."""
    return {
        "chronopost": (Chronopost, {"account": held.pod_chronopost_account, "password": held.pod_chronopost_password}),
        "laposte": (LaPoste, {"api_key": held.pod_laposte_api_key}),
        "dhl_express": (
            DhlExpress,
            {
                "username": held.pod_dhl_express_username,
                "password": held.pod_dhl_express_password,
                "account": held.pod_dhl_express_account,
            },
        ),
        "fedex": (
            FedEx,
            {"api_key": held.pod_fedex_api_key, "secret": held.pod_fedex_secret, "account": held.pod_fedex_account or ""},
        ),
        "ups": (Ups, {"client_id": held.pod_ups_client_id, "client_secret": held.pod_ups_client_secret}),
        "dpd": (Dpd, {"enabled": held.pod_dpd_enabled or None}),
        "gls": (Gls, {"username": held.pod_gls_username, "password": held.pod_gls_password}),
    }


def _changes(file: CarrierFile | None) -> dict[str, object]:
    """Return what a file changes about a built-in carrier."""
    if file is None:
        return {}
    changed: dict[str, object] = {}
    if file.base_url:
        changed["base_url"] = file.base_url
    if file.limits:
        changed["limits"] = file.limits
    return changed


def _files(folder: Path | None, environment: Mapping[str, str]) -> list[CarrierFile]:
    if folder is None or not folder.is_dir():
        return []
    return [read_carrier_file(path, environment) for path in sorted(folder.glob("*.toml"))]
