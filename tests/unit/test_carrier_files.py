"""Carriers described in files, the catalogue of carriers, and where documents are kept."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import responses

from syncctl.carriers.base import Document, vouched
from syncctl.carriers.carrier_file import read_carrier_file
from syncctl.carriers.catalog import BUILTIN, Catalog, folded, open_catalog
from syncctl.carriers.declarative import Declarative
from syncctl.carriers.forms import Form
from syncctl.db.contract import ClaimedPod
from syncctl.errors import ConfigError
from syncctl.secret import Secret
from syncctl.services.pod_documents import FolderStore, _write_new, safe
from syncctl.settings import Settings
from tests.clocks import MovableClock
from tests.pods import HTML, PDF, a_claim, http, packed

FILE = """
name = "acme"
label = "Acme Express"
aliases = ["ACME GmbH"]
[limits]
per_second = 2
per_day = 50
zone = "Europe/Paris"
reset = "06:00"
[request]
url = "https://acme.example/pod/{tracking_number}"
query = { claim = "{claim}" }
[auth]
kind = "header"
name = "X-Key"
value = "${ACME_KEY}"
[response]
document = "documents[0].content"
link = "links.pod"
status = "status"
delivered = ["DELIVERED"]
signed_by = "by"
delivered_at = "at"
error_code = "error.code"
error_text = "error.message"
[codes]
persistent = ["E404"]
not_yet = ["E1"]
throttled = ["E9"]
"""
PDF_FORM = Form("application/pdf", "pdf")


@pytest.fixture
def web():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def write(folder: Path, text: str = FILE, name: str = "acme.toml") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def carrier(folder: Path, text: str = FILE) -> Declarative:
    return Declarative(read_carrier_file(write(folder, text), {"ACME_KEY": "k3y"}), clock=MovableClock())


def test_a_described_carrier_is_asked_as_its_file_says(tmp_path, web):
    web.get(
        "https://acme.example/pod/A%2FB%20%C3%A9",
        json={"documents": [{"content": packed(PDF)}], "by": "Zoë", "at": "15/01/2024 10:00"},
    )
    outcome = carrier(tmp_path).fetch(a_claim("A/B é"), http())
    assert outcome.document and outcome.document.content == PDF
    assert (outcome.document.signed_by, str(outcome.document.delivered_at)) == ("Zoë", "2024-01-15 10:00:00+00:00")
    request = web.calls[0].request
    assert request.headers["X-Key"] == "k3y" and request.params == {"claim": "CLM-2024-001"}


@pytest.mark.parametrize(
    ("answer", "status", "kind", "cause"),
    [
        ({"status": "IN_TRANSIT"}, 200, "not_yet", "not_delivered"),
        ({"status": "delivered"}, 200, "temporary", "pod_not_ready"),
        ({"error": {"code": "E404", "message": "?"}}, 200, "persistent", "e404"),
        ({"error": {"code": "E1"}}, 409, "not_yet", "e1"),
        ({"error": {"code": "E9"}}, 200, "throttled", "rate_limit"),
        ({"error": {"message": "Numéro de colis inconnu"}}, 400, "persistent", "invalid_tracking"),
        ({}, 200, "temporary", "unknown"),
        ({}, 500, "temporary", "http_500"),
    ],
)
def test_what_a_described_carrier_answers(tmp_path, web, answer, status, kind, cause):
    web.get("https://acme.example/pod/XN1", json=answer, status=status)
    outcome = carrier(tmp_path).fetch(a_claim("XN1"), http())
    assert (outcome.kind, outcome.cause) == (kind, cause)


def test_a_link_is_followed_over_redirects_and_keys_stay_with_their_host(tmp_path, web):
    web.get("https://acme.example/pod/XN1", json={"links": {"pod": "https://acme.example/file"}})
    web.get("https://acme.example/file", status=302, headers={"Location": "https://files.example/x.pdf"})
    web.get("https://files.example/x.pdf", body=PDF, content_type="application/pdf")
    reserved = []
    outcome = carrier(tmp_path).fetch(a_claim("XN1"), http(lambda: reserved.append(1)))
    assert outcome.document and outcome.document.content == PDF
    assert len(reserved) == 3
    assert "X-Key" not in web.calls[2].request.headers


XML = (
    FILE.split("[response]")[0].replace("GmbH", "SA")
    + '[response]\nformat = "xml"\ndocument = "pod"\nstatus = "state"\ndelivered = ["OK"]\n'
)


def test_a_described_carrier_may_speak_xml(tmp_path, web):
    web.get("https://acme.example/pod/XN1", body=f'<r xmlns="urn:x"><pod>{packed(PDF)}</pod></r>')
    outcome = carrier(tmp_path, XML).fetch(a_claim("XN1"), http())
    assert outcome.document and outcome.document.content == PDF


def test_a_described_carrier_may_post_and_answer_with_the_document_itself(tmp_path, web):
    text = """
name = "acme"
[request]
method = "POST"
url = "https://acme.example/pod"
body = { number = "{tracking_number}", deep = { claim = "{claim}" } }
[auth]
kind = "basic"
username = "u"
password = "${ACME_KEY}"
[response]
format = "document"
"""
    web.post("https://acme.example/pod", body=PDF, content_type="application/pdf")
    outcome = carrier(tmp_path, text).fetch(a_claim('X"1\\'), http())
    assert outcome.document and outcome.document.declared_type == "application/pdf"
    assert json.loads(web.calls[0].request.body) == {"number": 'X"1\\', "deep": {"claim": "CLM-2024-001"}}
    assert web.calls[0].request.headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("[request]", "[requests]"), "requests"),
        (("per_day", "per_week"), r"\[limits\] per_week"),
        (("Europe/Paris", "Europe/Lutetia"), "limits"),
        (("per_day = 50", "per_day = 0"), "at least 1"),
        (("https://acme", "ftp://acme"), "url"),
        (('kind = "header"', 'kind = "magic"'), "kind"),
        (('name = "X-Key"', 'username = "X"'), "name is missing"),
        (("documents[0].content", "documents[[.content"), "JMESPath"),
        (('name = "acme"', 'name = "Acme Express"'), "name"),
        (("[limits]", "[limits"), "can't be read"),
        (("ACME_KEY", "OTHER_KEY"), "OTHER_KEY"),
        (('status = "status"', 'format = "yaml"'), "format"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_what_is_wrong(tmp_path, change, named):
    with pytest.raises(ConfigError, match=named) as raised:
        carrier(tmp_path, FILE.replace(*change))
    assert "acme.toml" in str(raised.value) and "k3y" not in str(raised.value)


def catalog(folder: Path, **settings: Any) -> Catalog:
    return open_catalog(Settings(**settings), folder=folder, environment={"ACME_KEY": "k3y"})


def test_built_in_carriers_are_there_when_their_credentials_are(tmp_path):
    assert set(catalog(tmp_path).missing) == set(BUILTIN)
    made = catalog(
        tmp_path,
        pod_chronopost_account="1",
        pod_chronopost_password=Secret("p"),
        pod_laposte_api_key=Secret("k"),
        pod_dhl_express_username="u",
        pod_dhl_express_password=Secret("p"),
        pod_dhl_express_account="1",
        pod_fedex_api_key="k",
        pod_fedex_secret=Secret("s"),
        pod_ups_client_id="i",
        pod_ups_client_secret=Secret("s"),
        pod_dpd_enabled=True,
        pod_gls_username="u",
        pod_gls_password=Secret("p"),
        pod_gls_group_client_id="i",
        pod_gls_group_client_secret=Secret("s"),
    )
    assert set(made.carriers) == set(BUILTIN) and not made.missing
    assert all(not known.verified and known.unverified for known in made.carriers.values())
    assert made.carriers["chronopost"].limits.per_day == 100


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Chronopost", "chronopost"),
        ("DHL Express", "dhl_express"),
        ("dhl", "dhl_express"),
        ("La Poste", "laposte"),
        ("COLISSIMO", "laposte"),
        ("Acme Express", "acme"),
        ("acme-gmbh", "acme"),
        ("Pigeon", None),
        ("", None),
    ],
)
def test_a_claims_word_for_a_carrier_finds_it(tmp_path, said, name):
    write(tmp_path)
    assert catalog(tmp_path).name_of(said) == name


def test_a_file_changes_the_limits_of_a_built_in_carrier(tmp_path):
    write(tmp_path, 'builtin = "dpd"\nbase_url = "https://dpd.example/"\n[limits]\nper_day = 7\n', "dpd.toml")
    assert catalog(tmp_path, pod_dpd_enabled=True).carriers["dpd"].limits.per_day == 7
    assert "dpd" in catalog(tmp_path).missing


def test_a_file_is_laid_over_one_that_ships_key_by_key_and_then_speaks_for_itself(tmp_path, web):
    """Limits and addresses leave it what the carrier describes; another request doesn't."""
    ups = {"pod_ups_client_id": "i-123456", "pod_ups_client_secret": Secret("s3cret")}
    write(tmp_path, 'builtin = "ups"\nbase_url = "https://ups.example"\n[limits]\nper_day = 9\n', "ups.toml")
    held = catalog(tmp_path, **ups).carriers["ups"]
    assert "agrees with" in vouched(held) and (held.limits.per_day, held.limits.per_second) == (9, None)
    write(tmp_path, 'builtin = "ups"\nlabel = "UPS FR"\n[request.query]\nlocale = "fr_FR"\n[status]\nlost = ["99"]\n', "ups.toml")
    made = catalog(tmp_path, **ups)
    held = made.carriers["ups"]
    assert "unverified" in vouched(held) and held.label == "UPS FR" and made.name_of("ups fr") == "ups"
    web.post("https://onlinetools.ups.com/security/v1/oauth/token", json={"access_token": "t0ken-000", "expires_in": 60})
    package = {"activity": [{"status": {"type": "X", "statusCode": "099"}}]}
    web.get(
        "https://onlinetools.ups.com/api/track/v1/details/1Z999AA10123456784",
        json={"trackResponse": {"shipment": [{"package": [package]}]}},
    )
    assert held.fetch(a_claim("1Z999AA10123456784"), http()).cause == "lost"
    assert web.calls[1].request.params["locale"] == "fr_FR" and web.calls[1].request.params["returnPOD"] == "true"
    write(tmp_path, FILE.replace('name = "acme"', 'name = "ups"'), "ups.toml")
    assert catalog(tmp_path).carriers["ups"].label == "Acme Express", "a file of that name takes its place"


def test_carriers_are_asked_at_their_addresses_for_trials_where_that_is_set(tmp_path, web):
    keys = {"pod_gls_username": "u", "pod_gls_password": Secret("p"), "pod_laposte_api_key": Secret("k")}
    made = catalog(tmp_path, pod_sandbox="laposte, gls,ups", **keys)
    assert made.sandboxed == {"laposte", "gls"} and "ups" in made.missing
    web.get("https://api.laposte.fr/sandbox/suivi/v2/idships/X1", json={"returnCode": 404}, status=404)
    web.post("https://api.test.mygls.hu/ParcelService.svc/json/GetParcelStatuses", json={"ParcelStatusList": []})
    assert made.carriers["laposte"].fetch(a_claim("X1"), http()).cause == "invalid_tracking"
    assert made.carriers["gls"].fetch(a_claim("123"), http()).kind == "not_yet"
    with pytest.raises(ConfigError, match="SYNCCTL_POD_SANDBOX: dpd has no address for trials"):
        catalog(tmp_path, pod_sandbox="dpd")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('[status]\nlost = ["x"]\nmislaid = ["y"]', r"\[status\] mislaid"),
        ('[number]\nkinds = [{ shape = "[0-9", check = "mod7" }]', r"\[number\]"),
        ('[number]\nkinds = [{ shape = "(?P<serial>.)(?P<check>.)", check = "luck" }]', "check takes s10"),
        ('[number]\nkinds = [{ shape = "[0-9]+", check = "mod7" }]', "serial and check"),
        ('[token]\nurl = "https://acme.example/t"\nid = "i"', r"\[token\] secret is missing"),
        ('[token]\nurl = "t"\nid = "i"\nsecret = "s"', r"\[token\] url must begin"),
        ('[token]\nurl = "https://x"\nid = "i"\nsecret = "s"\nsend = "pigeon"', "send takes"),
        ('[after]\nurl = "nowhere"', r"\[after\] url"),
        ('[after]\nurl = "https://x"\n[after.response]\nstatus = "a[["', r"after.response\] status is no JMESPath"),
        ('[after]\nurl = "https://x"\n[after.response]\nmood = "a"', r"after.response\] mood"),
    ],
)
def test_the_further_sections_are_checked_too(tmp_path, more, says):
    with pytest.raises(ConfigError, match=says):
        carrier(tmp_path, f"{FILE}\n{more}\n")


def test_files_that_contradict_each_other_or_nobody_are_refused(tmp_path):
    write(tmp_path)
    write(tmp_path, FILE, "again.toml")
    with pytest.raises(ConfigError, match="acme already"):
        catalog(tmp_path)
    (tmp_path / "again.toml").write_text('builtin = "pigeon"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="pigeon"):
        catalog(tmp_path)


def test_what_a_file_takes_from_the_environment_is_a_secret(tmp_path):
    write(tmp_path)
    assert catalog(tmp_path).secrets == ("k3y",)
    held = read_carrier_file(write(tmp_path, FILE.replace("ACME_KEY", "SYNCCTL_POD_ACME_KEY")), {"SYNCCTL_POD_ACME_KEY": "k4y"})
    assert held.secrets == ("k4y",), "no setting of ours: nothing says that it is no key"
    write(tmp_path)
    text = FILE.replace("[auth]", '[request.headers]\nX-Token = "t0ken-in-the-file"\nAccept = "a/b"\n[auth]')
    assert set(carrier(tmp_path, text).secrets) == {"k3y", "t0ken-in-the-file"}


def claimed(reference: str = "CLM-1", number: str | None = "XN1", claim_id: int = 1) -> ClaimedPod:
    return ClaimedPod(
        claim_id=claim_id,
        claim_reference=reference,
        carrier="Acme",
        tracking_number=number,
        pod_fetch_status="pending",
        retry_no=0,
        attempt_no=1,
        lease_until_dt=MovableClock()(),
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CLM-2024-001", "CLM-2024-001"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\x\\con.txt", "C_x_con_txt"),
        ("Réf. №7 “é”", "Ref_No7_e"),
        ("a" * 99, "a" * 60),
        ("///", ""),
        ("x\x00\ny", "x_y"),
    ],
)
def test_names_are_safe_on_every_system(text, name):
    assert safe(text) == name


def test_a_document_is_kept_once_and_found_with_what_was_known_of_it(tmp_path):
    store = FolderStore(tmp_path)
    document = Document(content=PDF, link="https://x.example/1", signed_by="Zoë", delivered_at=MovableClock()())
    first = store.keep(claimed("../CLM/1"), document, PDF_FORM, "w")
    assert store.keep(claimed("../CLM/1"), document, PDF_FORM, "w") == first == store.find(claimed("../CLM/1"))
    assert first.sha256 == hashlib.sha256(PDF).hexdigest()
    assert (tmp_path / first.path).resolve().is_relative_to(tmp_path.resolve())
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 2
    assert store.find(claimed("../CLM/1", "XN2")) is None
    assert store.find(claimed("../CLM/1", claim_id=2)) is None


def test_a_document_is_never_overwritten_not_even_a_damaged_one(tmp_path):
    store = FolderStore(tmp_path, url_prefix="https://files.example/")
    first = store.keep(claimed(), Document(content=PDF), PDF_FORM, "w")
    other = PDF.replace(b"xxxx", b"yyyy")
    second = store.keep(claimed(), Document(content=other), PDF_FORM, "w")
    assert first.path != second.path and (tmp_path / first.path).read_bytes() == PDF
    (tmp_path / first.path).write_bytes(HTML)
    again = store.keep(claimed(), Document(content=PDF), PDF_FORM, "w")
    assert (tmp_path / first.path).read_bytes() == HTML
    assert (tmp_path / again.path).read_bytes() == PDF
    assert again.url == f"https://files.example/{again.path}"


def test_a_file_that_another_worker_has_just_written_stays(tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(b"first")
    _write_new(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_half_a_document_and_a_lost_description_are_no_trap(tmp_path):
    store = FolderStore(tmp_path)
    kept = store.keep(claimed(), Document(content=PDF, signed_by="Zoë"), PDF_FORM, "w")
    (tmp_path / kept.path).with_suffix(".json").write_text("{", encoding="utf-8")
    found = store.find(claimed())
    assert found and (found.sha256, found.signed_by) == (kept.sha256, None)
    (tmp_path / kept.path).write_bytes(PDF[:-20])
    assert store.find(claimed()) is None


@pytest.mark.parametrize("told", ["yesterday", "0001-01-01T00:00:00+14:00", "9999-99-99", 5, {"a": 1}, "20240115", None])
def test_a_strange_description_does_not_hide_the_document(tmp_path, told):
    store = FolderStore(tmp_path)
    kept = store.keep(claimed(), Document(content=PDF), PDF_FORM, "w")
    beside = (tmp_path / kept.path).with_suffix(".json")
    beside.write_text(json.dumps({"delivered_at": told, "signed_by": "\ud83d\x1b[2J", "source_url": 7}), encoding="utf-8")
    found = store.find(claimed())
    assert found and (found.sha256, found.source_url) == (kept.sha256, None)
    assert str(found.delivered_at) == ("2024-01-15 00:00:00+00:00" if told == "20240115" else "None")
    assert not {"\x1b", "\ud83d"} & set(found.signed_by or "")
    beside.write_text("[" * 100_000, encoding="utf-8")
    assert store.find(claimed())


def test_eight_writers_of_one_document_leave_one(tmp_path):
    store = FolderStore(tmp_path)
    threads = [Thread(target=store.keep, args=(claimed(), Document(content=PDF), PDF_FORM, "w")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.suffix for path in tmp_path.rglob("*") if path.is_file()) == [".json", ".pdf"]


def test_a_folder_that_cant_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("no folder", encoding="utf-8")
    with pytest.raises(ConfigError, match="SYNCCTL_POD_DIR"):
        FolderStore(blocked).keep(claimed(), Document(content=PDF), PDF_FORM, "w")


@pytest.mark.parametrize(
    "said",
    ["La Poste", "LA-POSTE", "la_poste.", "La\xa0Poste®", "Lâ Pósté", "La\u200ePoste™", "ＬａＰｏｓｔｅ", "La Poste\u0301"],
)
def test_one_rule_says_which_spellings_are_one_carrier(said):
    assert folded(said) == "laposte"


def test_names_in_other_letters_are_told_apart():
    assert folded("顺丰") != folded("圆通") and folded("DHL") != folded("DPD")
