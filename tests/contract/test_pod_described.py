"""Carriers that answer from their own descriptions, through the whole: fetch, retry, classification and what is kept."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import responses

from syncctl.db.contract import AddClaim
from syncctl.settings import Settings
from tests.pod_bench import Bench
from tests.pods import GIF, LETTER, PDF, SETTINGS
from tests.unit.test_carrier_descriptions import DESCRIBED, NUMBERS, Twin

BUSY = {
    "ups": (503, {"response": {"errors": [{"code": "504", "message": "Resource is not available"}]}}),
    "fedex": (503, {"errors": [{"code": "SERVICE.UNAVAILABLE.ERROR", "message": "The service is currently unavailable"}]}),
    "dhl_express": (500, {"status": "500", "title": "Internal error"}),
    "gls_group": (200, {"parcels": [{"requested": "1", "errorCode": "E_500_01", "errorMessage": "Internal Server Error"}]}),
}
"""A documented answer that passes."""
PART = {"ups": "details", "fedex": "trackingdocuments", "dhl_express": "proof_of_delivery", "gls_group": "trackids"}


@pytest.mark.parametrize("name", DESCRIBED)
def test_what_is_described_is_fetched_after_a_failure_that_passes_and_kept_as_it_came(bench: Bench, name: str):
    bench.settings = Settings(**{f"pod_{name}_{key}": value for key, value in SETTINGS[name].items()})
    bench.database.run(AddClaim(claim_reference="CLM-described", carrier=name, tracking_number=NUMBERS[name]))
    twin = Twin(name)

    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        for method in (responses.GET, responses.POST):
            web.add_callback(method, re.compile(".*"), callback=twin)
        twin.says = {PART[name]: BUSY[name]}
        [item] = bench.run(claim="CLM-described").items
        assert (item.outcome, item.error_class, item.final) == (
            "failed",
            "temporary",
            False,
        ) or item.outcome == "skipped_left_out"
        twin.says = {}
        bench.clock.sleep(timedelta(hours=2).total_seconds())
        [item] = bench.run("failed", claim="CLM-described").items or bench.run(claim="CLM-described").items
    assert twin.faults == []
    claim = bench.claim("described")
    if name == "gls_group":  # tracking only
        assert (item.outcome, item.cause, claim.standing) == ("failed", "no_document", "persistent")
        return
    assert (item.outcome, claim.pod_fetch_status) == ("success", "success")
    kept = bench.documents.of(claim)
    wanted = {"ups": [("proof", LETTER), ("photo", None), ("signature", GIF)]}.get(name, [("proof", PDF)])
    assert {each.kind for each in kept} == {kind for kind, _ in wanted}
    for kind, content in wanted:
        [document] = [each for each in kept if each.kind == kind]
        assert content is None or document.read() == content
        assert document.evidence and "s3cret" not in json.dumps(document.evidence)
