"""Each carrier against answers of the shape its documentation gives: what comes out of them, and what is asked."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from syncctl.carriers.base import Carrier, Outcome
from syncctl.clock import system_clock
from tests.clocks import MovableClock
from tests.pods import GIF, JPEG, LETTER, PDF, PNG, a_claim, http, packed, shipped

SOAP = "https://ws.chronopost.fr/tracking-cxf/TrackingServiceWS"
LAPOSTE = "https://api.laposte.fr/suivi/v2/idships/XN081879383FR"
DHL = "https://express.api.dhl.com/mydhlapi/shipments/XN081879383FR"
FEDEX_TOKEN, FEDEX = "https://apis.fedex.com/oauth/token", "https://apis.fedex.com/track/v1/trackingdocuments"
UPS_TOKEN = "https://onlinetools.ups.com/security/v1/oauth/token"
UPS = "https://onlinetools.ups.com/api/track/v1/details/XN081879383FR"
DPD = "https://tracking.dpd.de/rest/plc/en_US/XN081879383FR"
GLS = "https://api.mygls.hu/ParcelService.svc/json/GetParcelStatuses"
TOKEN = {"access_token": "tok", "token_type": "bearer", "expires_in": 3600}


def soap(operation: str, inner: str) -> str:
    return (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<ns1:{operation}Response xmlns:ns1="http://cxf.tracking.soap.chronopost.fr/"><return>{inner}</return>'
        f"</ns1:{operation}Response></soap:Body></soap:Envelope>"
    )


def events(*labels: str) -> str:
    listed = "".join(
        f"<events><code>D</code><eventDate>2024-01-15T10:12:00</eventDate><eventLabel>{label}</eventLabel></events>"
        for label in labels
    )
    return soap("trackSkybillV2", f"<errorCode>0</errorCode><listEventInfoComp>{listed}</listEventInfoComp>")


@pytest.fixture
def web():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def chronopost() -> Carrier:
    return shipped("chronopost")


def fetch(carrier: Carrier, number: str = "XN081879383FR") -> Outcome:
    return carrier.fetch(a_claim(number), http())


def content(outcome: Outcome) -> bytes:
    assert outcome.kind == "document" and outcome.document, outcome
    return outcome.document.content


def test_chronopost_gives_the_document_and_is_asked_for_a_pdf(web):
    web.post(
        SOAP,
        body=soap(
            "searchPOD",
            f"<errorCode>0</errorCode><formatPOD>PDF</formatPOD><pod>{packed(PDF)}</pod><podPresente>true</podPresente>",
        ),
    )
    outcome = fetch(chronopost(), "XN<081>FR")
    assert content(outcome) == PDF
    asked = web.calls[0].request.body.decode()
    assert "<skybillNumber>XN&lt;081&gt;FR</skybillNumber><pdf>true</pdf>" in asked


@pytest.mark.parametrize(
    ("labels", "kind", "cause"),
    [
        (("Envoi en cours de livraison",), "not_yet", "not_delivered"),
        (("Colis non livré, destinataire absent",), "not_yet", "not_delivered"),
        (("Tri effectué", "Livré au destinataire"), "temporary", "pod_not_ready"),
        (("DISTRIBUE",), "temporary", "pod_not_ready"),
    ],
)
def test_chronopost_without_a_document_tells_on_its_way_from_not_ready(web, labels, kind, cause):
    web.post(SOAP, body=soap("searchPOD", "<errorCode>0</errorCode><podPresente>false</podPresente>"))
    web.post(SOAP, body=events(*labels))
    outcome = fetch(chronopost())
    assert (outcome.kind, outcome.cause) == (kind, cause)


@pytest.mark.parametrize(
    ("message", "kind", "cause"),
    [
        ("Le numéro de colis est inconnu", "persistent", "invalid_tracking"),
        ("Mot de passe incorrect", "persistent", "invalid_credentials"),
        ("Erreur technique, veuillez réessayer", "temporary", "unavailable"),
        ("Quelque chose d’imprévu", "temporary", "unknown"),
    ],
)
def test_chronoposts_errors_are_told_by_their_french_texts(web, message, kind, cause):
    web.post(SOAP, body=soap("searchPOD", f"<errorCode>3</errorCode><errorMessage>{message}</errorMessage>"))
    outcome = fetch(chronopost())
    assert (outcome.kind, outcome.cause, outcome.code, outcome.message) == (kind, cause, "3", message)


def test_xml_with_entities_is_refused_not_expanded(web):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    web.post(SOAP, body=bomb)
    assert fetch(chronopost()).kind == "temporary"


def shipment(*codes: str) -> dict[str, Any]:
    listed = [{"code": code, "date": "2024-01-15T10:00:00+01:00", "label": f"event {code}"} for code in codes]
    return {"returnCode": 200, "shipment": {"idShip": "XN081879383FR", "isFinal": False, "event": listed}}


@pytest.mark.parametrize(
    ("answer", "status", "kind", "cause"),
    [
        (shipment("ET1", "PC1"), 200, "not_yet", "not_delivered"),
        (shipment("DI1", "ET1"), 200, "persistent", "no_document"),
        (shipment("DI2"), 200, "persistent", "returned"),
        ({"returnCode": 404, "returnMessage": "Ressource non trouvée"}, 404, "persistent", "invalid_tracking"),
        ({"returnCode": 400, "returnMessage": "Numéro invalide"}, 400, "persistent", "invalid_tracking"),
        ({"code": "UNAUTHORIZED", "message": "Clé invalide"}, 401, "persistent", "invalid_credentials"),
        ({"message": "slow down"}, 429, "throttled", "rate_limit"),
        ({"returnCode": 504}, 504, "temporary", "http_504"),
        ("<html>down</html>", 502, "temporary", "http_502"),
    ],
)
def test_la_poste(web, answer, status, kind, cause):
    web.get(LAPOSTE, body=answer if isinstance(answer, str) else json.dumps(answer), status=status)
    outcome = fetch(shipped("laposte"))
    assert (outcome.kind, outcome.cause) == (kind, cause)
    assert web.calls[0].request.headers["X-Okapi-Key"] == "s3cret"


def dhl() -> Carrier:
    return shipped("dhl_express")


def test_dhl_express_gives_the_document(web):
    web.get(
        f"{DHL}/proof-of-delivery", json={"documents": [{"typeCode": "POD", "encodingFormat": "PDF", "content": packed(PDF)}]}
    )
    assert content(fetch(dhl())) == PDF
    asked = parse_qs(urlsplit(web.calls[0].request.url).query)
    assert asked == {"shipperAccountNumber": ["706014493"], "content": ["epod-summary"]}


@pytest.mark.parametrize(
    ("tracking", "status", "kind", "cause"),
    [
        ({"shipments": [{"events": [{"typeCode": "WC", "date": "2024-01-15"}]}]}, 200, "not_yet", "not_delivered"),
        ({"shipments": [{"events": [{"typeCode": "OK", "date": "2024-01-15"}]}]}, 200, "temporary", "pod_not_ready"),
        ({"title": "No result found", "detail": "No data found for the given number"}, 404, "persistent", "invalid_tracking"),
        ({"title": "Too Many Requests"}, 429, "throttled", "rate_limit"),
        ({"title": "Unauthorized"}, 401, "persistent", "invalid_credentials"),
    ],
)
def test_dhl_express_without_a_document_asks_for_the_events(web, tracking, status, kind, cause):
    web.get(f"{DHL}/proof-of-delivery", json={"title": "No data found", "status": "404"}, status=404)
    web.get(f"{DHL}/tracking", json=tracking, status=status)
    outcome = fetch(dhl())
    assert (outcome.kind, outcome.cause) == (kind, cause)


def fedex(clock: MovableClock | None = None) -> Carrier:
    return shipped("fedex", clock=clock or system_clock)


def test_a_document_that_stands_in_two_places_is_one(web):
    web.post(FEDEX_TOKEN, json=TOKEN)
    web.post(
        FEDEX, json={"output": {"documentFormat": "PDF", "documents": [packed(PDF)], "document": [packed(PDF), packed(PNG)]}}
    )
    outcome = fetch(fedex())
    assert content(outcome) == PDF and [each.content for each in outcome.more] == [PNG]


def test_fedex_gives_the_letter_with_one_token_for_two_claims_and_a_new_one_after_its_end(web):
    clock = MovableClock()
    web.post(FEDEX_TOKEN, json=TOKEN)
    web.post(FEDEX, json={"output": {"documentFormat": "PDF", "documents": [packed(PDF)]}})
    carrier = fedex(clock)
    assert content(fetch(carrier)) == content(fetch(carrier)) == PDF
    assert [call.request.url for call in web.calls] == [FEDEX_TOKEN, FEDEX, FEDEX]
    clock.sleep(3600)
    fetch(carrier)
    assert [call.request.url for call in web.calls][3:] == [FEDEX_TOKEN, FEDEX]


@pytest.mark.parametrize(
    ("code", "status", "kind", "cause"),
    [
        ("TRACKING.TRACKINGNUMBER.INVALID", 400, "persistent", "invalid_tracking"),
        ("TRACKING.TRACKINGNUMBER.NOTFOUND", 200, "temporary", "not_found"),
        ("NOT.AUTHORIZED.ERROR", 401, "persistent", "invalid_credentials"),
        ("SERVICE.UNAVAILABLE.ERROR", 503, "temporary", "unavailable"),
        ("SOMETHING.NEW", 400, "temporary", "unknown"),
        ("SOMETHING.NEW", 503, "temporary", "http_503"),
    ],
)
def test_fedex_errors_are_told_by_their_codes(web, code, status, kind, cause):
    web.post(FEDEX_TOKEN, json=TOKEN)
    web.post(
        "https://apis.fedex.com/track/v1/trackingnumbers",
        json={"errors": [{"code": code, "message": "See above"}]},
        status=status,
    )
    web.post(FEDEX, json={"errors": [{"code": code, "message": "Please see the documentation"}]}, status=status)
    outcome = fetch(fedex())
    assert (outcome.kind, outcome.cause, outcome.code) == (kind, cause, code)


def test_a_refused_token_is_a_refused_credential(web):
    web.post(
        FEDEX_TOKEN,
        json={"errors": [{"code": "NOT.AUTHORIZED.ERROR", "message": "The given client credentials were not valid"}]},
        status=401,
    )
    outcome = fetch(fedex())
    assert (outcome.kind, outcome.cause) == ("persistent", "invalid_credentials")
    assert "s3cret" not in outcome.message


def ups() -> Carrier:
    return shipped("ups")


def package(**more: Any) -> dict[str, Any]:
    return {"trackResponse": {"shipment": [{"inquiryNumber": "1Z", "package": [more]}]}}


@pytest.mark.parametrize(
    ("information", "expected"),
    [
        ({"receivedBy": "MARTIN", "pod": {"content": packed(PDF)}, "signature": {"image": packed(PNG)}}, PDF),
        (
            {"receivedBy": "MARTIN", "pod": {"content": packed(b"<html>" + b" " * 100)}, "signature": {"image": packed(JPEG)}},
            JPEG,
        ),
        ({"receivedBy": "MARTIN", "pod": {"content": packed(LETTER)}, "signature": {"image": packed(GIF)}}, LETTER),
        ({"receivedBy": "MARTIN", "pod": {"content": ""}, "signature": {"image": packed(GIF)}}, GIF),
    ],
)
def test_ups_gives_the_letter_or_the_signature_whichever_is_a_document(web, information, expected):
    web.post(UPS_TOKEN, json=TOKEN)
    web.get(
        UPS,
        json=package(deliveryInformation=information, deliveryDate=[{"date": "20240116"}], deliveryTime={"endTime": "113000"}),
    )
    outcome = fetch(ups())
    assert content(outcome) == expected
    assert outcome.document and outcome.document.signed_by == "MARTIN"
    assert str(outcome.document.delivered_at) == "2024-01-16 11:30:00+00:00"


@pytest.mark.parametrize(
    ("answer", "status", "kind", "cause"),
    [
        (package(activity=[{"status": {"type": "I"}}]), 200, "not_yet", "not_delivered"),
        (package(activity=[{"status": {"type": "D"}}]), 200, "temporary", "pod_not_ready"),
        (
            {"response": {"errors": [{"code": "151018", "message": "Invalid tracking number"}]}},
            400,
            "persistent",
            "invalid_tracking",
        ),
        (
            {"trackResponse": {"shipment": [{"warnings": [{"code": "TW0001", "message": "Not found"}]}]}},
            200,
            "persistent",
            "invalid_tracking",
        ),
        (
            {"response": {"errors": [{"code": "250002", "message": "Invalid Authentication"}]}},
            401,
            "persistent",
            "invalid_credentials",
        ),
        ({"response": {"errors": [{"code": "10429", "message": "Too Many Requests"}]}}, 429, "throttled", "rate_limit"),
    ],
)
def test_ups_without_a_document(web, answer, status, kind, cause):
    web.post(UPS_TOKEN, json=TOKEN)
    web.get(UPS, json=answer, status=status)
    outcome = fetch(ups())
    assert (outcome.kind, outcome.cause) == (kind, cause)


def life(reached: bool, *links: str) -> dict[str, Any]:
    scans = [{"scanDescription": {"label": "Delivered"}, "links": [{"url": link} for link in links]}]
    return {
        "parcellifecycleResponse": {
            "parcelLifeCycleData": {
                "shipmentInfo": {"parcelLabelNumber": "XN081879383FR", "documents": []},
                "statusInfo": [{"status": "DELIVERED", "statusHasBeenReached": reached, "date": "16/01/2024 10:30"}],
                "scanInfo": {"scan": scans},
            }
        }
    }


def test_dpd_follows_the_link_of_the_delivery(web):
    web.get(DPD, json=life(True, "https://pod.example/doc"))
    web.get("https://pod.example/doc", body=PDF, content_type="application/pdf")
    outcome = fetch(shipped("dpd"))
    assert content(outcome) == PDF
    assert outcome.document and outcome.document.link == "https://pod.example/doc"


@pytest.mark.parametrize(
    ("answer", "kind", "cause"),
    [
        (life(False), "not_yet", "not_delivered"),
        (life(True), "persistent", "no_document"),
        ({"parcellifecycleResponse": {"parcelLifeCycleData": None}}, "persistent", "invalid_tracking"),
    ],
)
def test_dpd_without_a_document(web, answer, kind, cause):
    web.get(DPD, json=answer)
    outcome = fetch(shipped("dpd"))
    assert (outcome.kind, outcome.cause) == (kind, cause)


def test_dpds_expired_link_is_no_document(web):
    web.get(DPD, json=life(True, "https://pod.example/doc"))
    web.get("https://pod.example/doc", status=410, body="link expired")
    outcome = fetch(shipped("dpd"))
    assert (outcome.kind, outcome.http_status) == ("temporary", 410)


def gls() -> Carrier:
    return shipped("gls")


@pytest.mark.parametrize("pod", [list(PDF), packed(PDF)], ids=["bytes", "base64"])
def test_gls_gives_the_document_and_gets_the_hashed_password(web, pod):
    web.post(
        GLS,
        json={
            "POD": pod,
            "GetParcelStatusErrors": [],
            "ParcelStatusList": [{"StatusCode": "05", "StatusDate": "/Date(1705312800000+0100)/"}],
        },
    )
    outcome = fetch(gls(), "35000001406746")
    assert content(outcome) == PDF
    assert outcome.document and str(outcome.document.delivered_at) == "2024-01-15 10:00:00+00:00"
    asked = json.loads(web.calls[0].request.body)
    assert asked["ReturnPOD"] is True and len(asked["Password"]) == 64 and "s3cret" not in web.calls[0].request.body.decode()


@pytest.mark.parametrize(
    ("answer", "kind", "cause"),
    [
        ({"ParcelStatusList": [{"StatusCode": "4"}]}, "not_yet", "not_delivered"),
        ({"ParcelStatusList": [{"StatusCode": "05"}]}, "temporary", "pod_not_ready"),
        (
            {"GetParcelStatusErrors": [{"ErrorCode": 5, "ErrorDescription": "Access denied for this parcel ID"}]},
            "persistent",
            "invalid_tracking",
        ),
        ({"GetParcelStatusErrors": [{"ErrorCode": 27, "ErrorDescription": "Unauthorized"}]}, "persistent", "invalid_credentials"),
    ],
)
def test_gls_without_a_document(web, answer, kind, cause):
    web.post(GLS, json=answer)
    outcome = fetch(gls(), "35000001406746")
    assert (outcome.kind, outcome.cause) == (kind, cause)


def test_gls_is_not_asked_for_a_number_that_is_none(web):
    assert fetch(gls(), "XN081").cause == "invalid_tracking"
    assert len(web.calls) == 0


@pytest.mark.parametrize(
    "carrier", [chronopost(), shipped("laposte"), dhl(), fedex(), ups(), shipped("dpd"), gls()], ids=lambda carrier: carrier.name
)
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"[1]", b'"x"', b"{", b"\xff\xfe\x00", b"<a/>", b'{"output": 3, "shipment": [], "documents": 7}'],
)
def test_no_answer_however_odd_makes_a_carrier_raise_or_claim_a_document(web, carrier, body):
    web.add(responses.GET, re.compile(".*"), body=body)
    web.add(responses.POST, re.compile(".*"), body=body)
    outcome = fetch(carrier, "35000001406746")
    assert outcome.kind == "temporary"
    assert not carrier.verified and carrier.unverified
