"""From the procedures' words to a person's."""

from __future__ import annotations

import re

import pytest

from syncctl.cli.output import Report, in_words
from syncctl.cli.words import in_a_persons_words, require_fit
from syncctl.clock import system_clock
from syncctl.db.contract import AddClaim, SetErpSetting
from syncctl.db.deploy_scripts import erps, scripts
from syncctl.errors import BadArgument, NotFound, UsageError


@pytest.mark.parametrize(
    ("thrown", "told"),
    [
        ("@REASON is required: it is kept with the order.", "--reason is required: it is kept with the order."),
        ("@LEASE_SECONDS takes 1 to 86400.", "SYNCCTL_LEASE_SECONDS takes 1 to 86400."),
        ("@STATES takes PENDING, CLAIMED.", "--state takes PENDING, CLAIMED."),
        ("@DAY_STARTS must hold moments.", "The day starts must hold moments."),
        ("write to ada@EXAMPLE.TEST", "write to ada@EXAMPLE.TEST"),
    ],
)
def test_a_parameter_is_called_as_a_person_calls_it(thrown: str, told: str):
    assert in_a_persons_words(thrown) == told
    assert in_words(BadArgument(thrown)) == told
    assert in_words(NotFound(thrown)) == thrown, "what others say is left as it is"
    report = Report("x", "run", system_clock())
    report.fail(BadArgument(thrown))
    assert report.errors[0]["message"] == told


def test_no_complaint_of_a_procedure_shows_its_parameters():
    complaints = [text for erp in erps() for script in scripts(erp) for text in re.findall(r"N'(@[A-Z_]+ [^']*)'", script.text)]
    assert len(complaints) > 50
    for complaint in complaints:
        assert "@" not in in_a_persons_words(complaint), complaint


def test_a_text_longer_than_its_column_is_refused():
    require_fit(SetErpSetting(setting_name="STR_ID", value="x" * 500))
    with pytest.raises(UsageError, match="The value takes at most 500 characters, and this has 501"):
        require_fit(SetErpSetting(setting_name="STR_ID", value="x" * 501))
    with pytest.raises(UsageError, match="The tracking number takes at most 500 characters"):
        require_fit(AddClaim(claim_reference="C", carrier="UPS", tracking_number="1" * 501))
    with pytest.raises(UsageError, match="The carrier takes at most 50"):
        require_fit(AddClaim(claim_reference="C", carrier="🎉" * 26, tracking_number="1"))


@pytest.mark.parametrize("blank", [" ", "   ", "\t", "\u00a0", "\n"])
def test_what_is_nothing_but_blanks_is_refused_on_either_engine_alike(blank: str):
    with pytest.raises(UsageError, match="The claim's reference is nothing but blanks"):
        require_fit(AddClaim(claim_reference=blank, carrier="UPS", tracking_number="1Z"))
    with pytest.raises(UsageError, match="The carrier is nothing but blanks"):
        require_fit(AddClaim(claim_reference="C", carrier=blank, tracking_number="1Z"))
    require_fit(AddClaim(claim_reference="C 1", carrier="UPS", tracking_number="1Z 2", client_id=""))
