"""The settings of proof of delivery and of messages to people: a part of `settings.Settings`, which has them all."""

# ruff: noqa: RUF009  (setting calls dataclasses.field)

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from syncctl.secret import Secret
from syncctl.setting_kinds import FLAG, FOLDER, SECRET, choice, data_folder, integer, setting, text
from syncctl.settings_shopify import ShopifySettings

_GROUP = "Proof of delivery"
_CARRIERS = "Carriers"
_NOTIFY = "Messages to people"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSettings(ShopifySettings):
    """See `settings.Settings`."""

    pod_store: Literal["folder", "database"] = setting(
        _GROUP, choice("folder", "database"), "folder", "Where documents are kept: in a folder, or in the database."
    )
    pod_dir: Path = setting(_GROUP, FOLDER, lambda: data_folder() / "pods", "The folder for documents. All hosts must reach it.")
    pod_url: Literal["document", "carrier"] = setting(
        _GROUP,
        choice("document", "carrier"),
        "document",
        "What a claim's pod_url points to: our document, or the carrier's own address of it, which expires.",
    )
    pod_url_prefix: str | None = setting(
        _GROUP,
        text("the beginning of an address, such as https://files.example/pods/", pattern=r"[a-z]+://\S+"),
        None,
        "Put before a document's path to make its pod_url. Not set: a file: address of the document.",
    )
    pod_max_megabytes: int = setting(_GROUP, integer(1, 100), 20, "A document larger than this is refused.")
    pod_batch_size: int = setting(_GROUP, integer(1, 1000), 30, "Claims that one run takes.")
    pod_max_retries: int = setting(_GROUP, integer(0, 1000), 4, "Automatic retries of a failed claim.")
    pod_not_yet_minutes: int = setting(
        _GROUP, integer(1, 43_200), 360, "Minutes until a parcel that was not delivered yet is asked for again."
    )
    pod_not_yet_days: int = setting(
        _GROUP, integer(1, 3650), 30, "Days after which a parcel that is still not delivered is given up, and needs a person."
    )
    pod_not_yet_tries: int = setting(
        _GROUP, integer(1, 100_000), 200, "So many answers that a parcel is not delivered yet, and it is given up, too."
    )
    pod_deadline_days: int = setting(
        _GROUP, integer(1, 365), 7, "health warns so many days before a dispute has to be answered that has no document yet."
    )
    pod_lease_seconds: int = setting(
        _GROUP, integer(60, 86_400), 600, "How long a claim belongs to a worker that says nothing; then another may take it."
    )
    pod_patience_seconds: int = setting(
        _GROUP, integer(0, 3600), 120, "Seconds that a run waits, in all, for carriers that allow few calls a second or minute."
    )
    pod_connect_timeout: int = setting(_GROUP, integer(1, 600), 10, "Seconds to wait for a connection to a carrier.")
    pod_read_timeout: int = setting(_GROUP, integer(1, 3600), 60, "Seconds to wait for a carrier's answer.")
    pod_notify: Literal["at_maximum", "at_once", "never"] = setting(
        _GROUP,
        choice("at_maximum", "at_once", "never"),
        "at_maximum",
        "When a client hears of a persistent error: when the retries would be over, at once, or never.",
    )
    pod_notify_temporary: bool = setting(
        _GROUP, FLAG, False, "Also tell the client of a claim whose retries are used up by errors that might have passed."
    )

    pod_carrier_dir: Path = setting(
        _CARRIERS,
        FOLDER,
        lambda: data_folder() / "carriers",
        "A folder of *.toml files, each describing a carrier of your own or changing the address and limits of a built-in one.",
    )
    pod_sandbox: str | None = setting(
        _CARRIERS,
        text("names of carriers with commas between them, such as ups, fedex", longest=200),
        None,
        "Carriers that are asked at their addresses for trials. Their documents are specimens: use a database for trials.",
    )
    pod_chronopost_account: str | None = setting(_CARRIERS, text("an account number", longest=50), None, "Chronopost: account.")
    pod_chronopost_password: Secret | None = setting(_CARRIERS, SECRET, None, "Chronopost: the account's password.")
    pod_laposte_api_key: Secret | None = setting(
        _CARRIERS, SECRET, None, "La Poste, Colissimo: the X-Okapi-Key of the Suivi API."
    )
    pod_dhl_express_username: str | None = setting(_CARRIERS, text(longest=100), None, "DHL Express: MyDHL API user name.")
    pod_dhl_express_password: Secret | None = setting(_CARRIERS, SECRET, None, "DHL Express: MyDHL API password.")
    pod_dhl_express_account: str | None = setting(_CARRIERS, text(longest=50), None, "DHL Express: shipper account number.")
    pod_fedex_api_key: str | None = setting(_CARRIERS, text(longest=100), None, "FedEx: API key.")
    pod_fedex_secret: Secret | None = setting(_CARRIERS, SECRET, None, "FedEx: secret key.")
    pod_fedex_account: str | None = setting(_CARRIERS, text(longest=50), None, "FedEx: account number, where FedEx wants it.")
    pod_ups_client_id: str | None = setting(_CARRIERS, text(longest=200), None, "UPS: client id.")
    pod_ups_client_secret: Secret | None = setting(_CARRIERS, SECRET, None, "UPS: client secret.")
    pod_dpd_enabled: bool = setting(_CARRIERS, FLAG, False, "DPD: ask its public tracking service, which needs no key.")
    pod_gls_username: str | None = setting(_CARRIERS, text(longest=100), None, "GLS: MyGLS user name.")
    pod_gls_password: Secret | None = setting(_CARRIERS, SECRET, None, "GLS: MyGLS password.")
    pod_gls_group_client_id: str | None = setting(
        _CARRIERS, text(longest=200), None, "GLS Group (tracking only): client id of an app with Track And Trace."
    )
    pod_gls_group_client_secret: Secret | None = setting(_CARRIERS, SECRET, None, "GLS Group: client secret.")

    notify_client_url: Secret | None = setting(
        _NOTIFY,
        SECRET,
        None,
        "How clients are reached: an Apprise address of your mail server, such as"
        " mailtos://USER:PASSWORD@mail.example?from=shop@example. The client's own address is put in.",
    )
    notify_operator_url: Secret | None = setting(
        _NOTIFY, SECRET, None, "How the people in charge are reached: Apprise addresses with blanks between them."
    )
    notify_template_dir: Path | None = setting(
        _NOTIFY, FOLDER, None, "A folder whose templates (pod_failed.txt …) take the place of the built-in ones."
    )
