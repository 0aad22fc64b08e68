"""Each carrier that ships against its own description: what is asked, every documented answer, every code and status."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import jmespath
import pytest
import responses
import xmlschema

from syncctl.carriers.base import Outcome, vouched
from syncctl.carriers.carrier_file import places
from syncctl.carriers.catalog import BUILTIN, SHIPPED
from syncctl.carriers.classify import by_code
from syncctl.carriers.declarative import Declarative
from syncctl.carriers.standing import by_words, judge
from tests.carrier_twin import DATA, Operation, operation_of, operations
from tests.pods import GIF, LETTER, PDF, a_claim, http, packed, shipped

DESCRIBED = {
    "ups": ("ups_token", "ups"),
    "fedex": ("fedex",),
    "dhl_express": ("dhl_express",),
    "gls_group": ("gls_group_token", "gls_group"),
}
"""Which kept descriptions are a carrier's."""
NUMBERS = {"ups": "1Z999AA10123456784", "fedex": "986578788855", "dhl_express": "3318810025", "gls_group": "93835368025"}
TOKEN = {"access_token": "tok-0123456789", "token_type": "Bearer", "expires_in": "14399"}
CODES = json.loads((DATA / "status_codes.json").read_text(encoding="utf-8"))


class Twin:
    """A carrier that answers from its description. `says` has other answers of single operations, by a part of their path."""

    def __init__(self, name: str, media_type: str = "application/json", **says: tuple[int, Any]) -> None:
        self.names, self.says, self.media_type = DESCRIBED[name], says, media_type
        self.asked: list[str] = []
        self.faults: list[str] = []

    def __call__(self, request: Any) -> tuple[int, dict[str, str], str]:
        operation = operation_of(request, *self.names)
        if operation is None:
            assert "/oauth/token" in request.url, (
                f"no operation for {request.method} {request.url}"
            )  # FedEx describes it elsewhere
            return 200, {"Content-Type": "application/json"}, json.dumps(TOKEN)
        self.asked.append(str(operation))
        self.faults += [f"{operation}: {fault}" for fault in operation.faults(request)]
        said = next((answer for part, answer in self.says.items() if part in operation.path.replace("-", "_")), None)
        status, body = said or (200, TOKEN if "token" in operation.path else filled(operation))
        return status, {"Content-Type": self.media_type}, json.dumps(body)


def filled(operation: Operation) -> Any:
    """A documented answer with documents where they belong."""
    body = next(answer.body for answer in operation.answers() if answer.status == 200 and answer.name == "made")
    if "details" in operation.path:
        information = body["trackResponse"]["shipment"][0]["package"][0]["deliveryInformation"]
        information["pod"]["content"], information["signature"]["image"] = packed(LETTER), packed(GIF)
        information["deliveryPhoto"]["photo"] = packed(b"\xff\xd8\xff" + b"\0" * 80 + b"\xff\xd9")
        body["trackResponse"]["shipment"][0].pop("warnings")
    elif "trackingdocuments" in operation.path:
        body["output"]["document"] = [packed(PDF)]
    elif "proof-of-delivery" in operation.path:
        body["documents"][0]["content"] = packed(PDF)
    elif "trackids" in operation.path:
        body["parcels"][0].update(status="DELIVERED")
        body["parcels"][0].pop("errorCode"), body["parcels"][0].pop("errorMessage")
    return body


def fetched(name: str, twin: Twin) -> Outcome:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        for method in (responses.GET, responses.POST):
            web.add_callback(method, re.compile(".*"), callback=twin)
        return shipped(name).fetch(a_claim(NUMBERS[name]), http())


@pytest.mark.parametrize("name", DESCRIBED)
def test_what_is_asked_is_what_the_description_has(name):
    twin = Twin(name)
    outcome = fetched(name, twin)
    assert twin.faults == []
    if name == "gls_group":
        assert (outcome.kind, outcome.cause) == ("persistent", "no_document") and "GLS" in outcome.message
    else:
        assert outcome.kind == "document" and outcome.document
    if name == "ups":
        assert [each.what for each in (outcome.document, *outcome.more) if each] == ["proof", "signature", "photo"]
        assert outcome.document and outcome.document.content == LETTER


@pytest.mark.parametrize(("name", "part"), [("fedex", "trackingdocuments"), ("dhl_express", "proof_of_delivery")])
def test_the_second_question_is_as_described_too(name, part):
    twin = Twin(
        name,
        **{part: (404, {"errors": [{"code": "TRACKING.TRACKINGNUMBER.NOTFOUND"}]} if name == "fedex" else {"status": "404"})},
    )
    outcome = fetched(name, twin)
    assert twin.faults == [] and len(twin.asked) == 2
    assert outcome.kind in ("not_yet", "temporary")


def documented() -> Iterator[Any]:
    for name, kept in DESCRIBED.items():
        for operation in (each for one in kept for each in operations(one)):
            for answer in operation.answers():
                yield pytest.param(name, operation, answer, id=f"{name} {operation} {answer.status} {answer.name}"[:90])


@pytest.mark.parametrize(("name", "operation", "answer"), [*documented()])
def test_every_documented_answer_is_understood(name, operation, answer):
    """Nothing raises, nothing that is no document is taken for one; a refusal is one, a server's error passes."""
    part = re.sub(r"[{}]", "", operation.path.rsplit("/", 1)[-1]).replace("-", "_")
    part = {"inquiryNumber": "details", "unitnos": "trackids"}.get(part, part)
    says: dict[str, tuple[int, Any]] = {part: (answer.status, answer.body)}
    if part in ("tracking", "trackingnumbers"):
        says |= {
            "proof_of_delivery": (404, {"status": "404"}),
            "trackingdocuments": (404, {"errors": [{"code": "NOT.FOUND.ERROR"}]}),
        }
    outcome = fetched(name, Twin(name, answer.media_type, **says))
    # MyDHL's headers say problem+json where its content says json.
    assert fetched(name, Twin(name, "application/problem+json; charset=utf-8", **says)).kind == outcome.kind
    if answer.status < 400:
        assert (outcome.kind == "document") == ("token" in operation.path and name != "gls_group")  # no example has one in it
        return
    wanted = {
        400: {"persistent", "temporary", "not_yet"},
        401: {"persistent", "temporary"},
        403: {"persistent", "temporary"},
        404: {"persistent", "temporary", "not_yet"},
        429: {"throttled"},
    }
    assert outcome.kind in wanted.get(answer.status, {"temporary"}), outcome
    if answer.status == 401 and answer.name != "made" and "Expired" not in answer.name and "expired" not in str(answer.body):
        assert outcome.cause == "invalid_credentials"


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_place_that_is_read_is_described(name):
    """Each is found in an answer that is made of the description alone, every field filled."""
    table = tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))
    asked = {
        request["url"]: request.get("response", table["response"])
        for request in (table["request"], table.get("after", {}))
        if request
    }
    for operation, response in zip(operations(name), asked.values(), strict=True):
        good = filled(operation)
        bad = [answer.body for answer in operation.answers() if answer.status >= 400]
        full = next(answer.body for answer in operation.answers() if answer.status == 200 and answer.name == "made")
        for key, said in response.items():
            found = places(said) if key not in ("documents", "fine", "delivered", "comes_later") else ()
            found = [*found, *(each[part] for each in response.get("documents", []) for part in ("at", "type") if part in each)]
            for place in found:
                place = re.sub(r"==\s*'[^']*'", "!='?'", place)  # a filled field says x, not DEL
                if name == "fedex" and place == "output.documents":
                    continue  # of its examples; described is `document`
                assert any(jmespath.search(place, body) for body in (good, full, *bad)), f"{operation}: {place}"


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_documented_error_code_has_a_meaning(name):
    """Of the codes of examples and enumerations none is left to the words alone."""
    text = "".join((DATA / f"{kept}.json").read_text(encoding="utf-8") for kept in DESCRIBED[name])
    codes = set(re.findall(r'"((?:[A-Z]+\.){1,3}[A-Z]+|E_[45]\d\d_\d\d|policies\.[\w.]+|steps\.[\w.]+)"', text))
    codes -= {"DELIVD.PARCELSHOP", "INTIAL.NORMAL", "INTIAL.PREADVICE"}  # events
    codes -= {
        "E_400_02",
        "E_400_03",
        "E_404_02",
    }  # of a list of numbers, a postcode and delivery information, which are not asked for
    carrier = shipped(name)
    assert isinstance(carrier, Declarative)
    assert [code for code in sorted(codes) if by_code(carrier._codes, code) is None] == []


UNDECIDED = {
    # To an agent, a post office, an access point: not to the addressee. A return that was asked for, or is on its way.
    "ups": {"143", "144", "161", "33", "35", "36", "118", "119", "DO", "DD"},
    "fedex": {"CA"},
    "dhl_express": {"PD"},  # of several pieces
}


@pytest.mark.parametrize("name", UNDECIDED)
def test_every_published_status_that_decides_is_known(name):
    carrier = shipped(name)
    assert isinstance(carrier, Declarative)
    for code, words in CODES[name].items():
        meant = judge([code], carrier._standings)
        said = by_words(words)
        if said in ("delivered", "returned", "lost") and code not in UNDECIDED[name]:
            assert meant == said, f"{code} {words}"
        if meant in ("delivered", "returned"):
            assert said in (meant, None, "not_yet"), f"{code} {words}"


def test_every_status_that_gls_describes_is_known():
    carrier = shipped("gls_group")
    described = json.loads((DATA / "gls_group.json").read_text(encoding="utf-8"))["components"]["schemas"]["ParcelDTO"]
    assert isinstance(carrier, Declarative)
    assert {
        status for status in described["properties"]["status"]["enum"] if judge([status], carrier._standings) is None
    } == set()


def test_chronopost_is_asked_as_its_schema_says_and_its_answers_are_read():
    schema = xmlschema.XMLSchema10(str(DATA / "chronopost.xsd"))
    tns = "{http://cxf.tracking.soap.chronopost.fr/}"
    search = {"return": {"errorCode": 0, "formatPOD": "PDF", "pod": packed(PDF), "podPresente": True, "statusCode": 1}}
    track = {
        "return": {
            "errorCode": 0,
            "listEventInfoComp": {
                "events": [{"code": "D", "eventDate": "2022-06-22T10:00:00", "eventLabel": "Livré"}],
                "skybillNumber": "x",
            },
        }
    }
    asked: list[str] = []

    def answer(request: Any) -> tuple[int, dict[str, str], bytes]:
        body = ElementTree.fromstring(request.body).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        assert body is not None
        schema.validate(ElementTree.tostring(body[0], encoding="unicode"))
        name = body[0].tag.removeprefix(tns)
        asked.append(name)
        held = {"searchPOD": search, "trackSkybillV2": track}[name]
        made = schema.encode(held, path=f"{tns}{name}Response", namespaces={"tns": tns[1:-1]})
        assert isinstance(made, ElementTree.Element)
        schema.validate(ElementTree.tostring(made, encoding="unicode"))
        inner = ElementTree.tostring(made)
        envelope = (
            b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>%s</soap:Body></soap:Envelope>'
        )
        return 200, {"Content-Type": "text/xml"}, envelope % inner

    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        web.add_callback(responses.POST, re.compile(".*"), callback=answer)
        outcome = shipped("chronopost").fetch(a_claim("XN081879383FR"), http())
        assert outcome.document and outcome.document.content == PDF and outcome.document.declared_type == "PDF"
        search["return"].update(podPresente=False)
        search["return"].pop("pod")
        outcome = shipped("chronopost").fetch(a_claim("XN081879383FR"), http())
    assert (outcome.kind, outcome.cause) == ("temporary", "pod_not_ready")
    assert asked == ["searchPOD", "searchPOD", "trackSkybillV2"]


@pytest.mark.parametrize("name", BUILTIN)
def test_what_is_said_of_a_carrier_is_what_the_tests_show(name):
    """`agrees with the description of VERSION` is said where a description of that version is kept here, and nowhere else."""
    said = vouched(shipped(name))
    kept = [json.loads((DATA / f"{each}.json").read_text(encoding="utf-8")) for each in DESCRIBED.get(name, ())]
    if name == "chronopost":
        assert (
            "deea10f of 2026-06-23" in (DATA / "chronopost.xsd").read_text(encoding="utf-8") and "deea10f of 2026-06-23" in said
        )
    elif kept:
        version = kept[-1]["info"]["version"] or re.search(r"\d{4}-\d\d-\d\d", kept[-1]["x-source"])[0]  # type: ignore[index]
        assert version in said and "not tried with an account" in said
    else:
        assert "unverified" in said
    assert said.startswith("tracking only") == (name in ("laposte", "gls_group"))
