"""Runs over messages to people: one odd message holds up no other, a way that is down costs none its tries. On each engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from syncctl.db.contract import ListNotifications, Procedure, QueueNotification
from syncctl.errors import ConfigError, DatabaseUnavailable, PermanentError, TransientError
from syncctl.notify.channels import AddressRefused, AppriseChannel, DeliveryFailed
from syncctl.notify.messages import Message
from syncctl.secret import Secret
from tests.faults import Failing, FaultyDatabase
from tests.pod_bench import Bench, Mailbox

DATA = (
    '{"claim_reference": "CLM-%s", "carrier": "Acme", "tracking_number": "1", "client_name": null, "error": "e", '
    '"error_class": "persistent", "cause": "invalid_tracking", "retry_count": 0}'
)


class Picky(Mailbox):
    """A mailbox that raises for some addresses."""

    def __init__(self, **troubles: Exception) -> None:
        super().__init__()
        self.troubles = troubles

    def send(self, message: Message, *, address: str | None = None) -> None:
        if error := self.troubles.get((address or "").split("@")[0]):
            raise error
        super().send(message, address=address)


def queue(bench: Bench, name: str, **more: Any) -> None:
    given: dict[str, Any] = {"audience": "client", "template": "pod_failed", "data_json": DATA % name, "recipient_id": name}
    bench.database.run(
        QueueNotification(event_type="pod_failed", dedup_key=name, **{**given, "address": f"{name}@example.com", **more})
    )


def entries(bench: Bench) -> dict[str, tuple[str, int]]:
    return {entry.dedup_key: (entry.state, entry.attempt_no) for entry in bench.database.run(ListNotifications())}


@pytest.mark.parametrize(
    "odd",
    [
        {"data_json": "no JSON"},
        {"data_json": "[]"},
        {"data_json": "{}"},
        {"data_json": '{"claim_reference": "half \\ud83d a pair"}'},
        {"template": "unknown"},
        {"template": "../../etc/passwd"},
    ],
    ids=str,
)
def test_one_odd_message_holds_up_no_other(bench: Bench, odd: dict[str, Any]):
    for name in ("a", "odd", "b"):
        queue(bench, name, **(odd if name == "odd" else {}))
    mailbox = Mailbox()
    result = bench.tell(mailbox)
    assert [address for address, _ in mailbox.got] == ["a@example.com", "b@example.com"]
    assert (entries(bench)["odd"], result.ended_by, result.left_out) == (("PENDING", 1), None, {})
    assert result.counts == {"notifications_sent": 2, "notifications_waiting": 1}


@pytest.mark.parametrize("address", ["nobody", "a b@example.com", "a@example.com\r\nBcc: all@example.com", "a@" + "b" * 450])
def test_one_odd_address_holds_up_no_other_and_says_nothing_of_the_set_up(bench: Bench, address: str):
    queue(bench, "odd", address=address)
    result = bench.tell(AppriseChannel([Secret("mailto://127.0.0.1:9?from=shop@example.com")]))
    assert (entries(bench)["odd"], result.ended_by, result.left_out) == (("PENDING", 1), None, {})


@pytest.mark.parametrize("error", [AddressRefused("no address"), PermanentError("no"), ValueError("what nobody foresaw")])
def test_what_goes_wrong_with_one_message_is_its_own_however_many_there_are(bench: Bench, error: Exception):
    for number in range(5):
        queue(bench, f"odd{number}")
    queue(bench, "b")
    result = bench.tell(Picky(**{f"odd{number}": error for number in range(5)}))
    assert entries(bench) == {**{f"odd{number}": ("PENDING", 1) for number in range(5)}, "b": ("SENT", 1)}
    assert result.ended_by is None


def test_a_way_that_is_down_costs_the_messages_nothing(bench: Bench):
    for number in range(10):
        queue(bench, f"m{number}")
    mailbox = Mailbox(failures=99)
    result = bench.tell(mailbox)
    tries = [tries for _, tries in entries(bench).values()]
    assert (sorted(tries), mailbox.failures) == ([0] * 8 + [1] * 2, 96), "three in a row tell; the third loses nothing by it"
    assert (result.ended_by, list(result.left_out)) == (None, ["client"])
    mailbox.failures = 0
    assert bench.tell(mailbox).counts == {"notifications_sent": 8}
    bench.clock.move(timedelta(minutes=1))
    assert bench.tell(mailbox).counts == {"notifications_sent": 2}
    assert {state for state, _ in entries(bench).values()} == {"SENT"}


def test_a_way_that_makes_no_sense_costs_the_messages_nothing(bench: Bench):
    queue(bench, "a")
    queue(bench, "b")
    result = bench.tell(AppriseChannel([Secret("nonsense")]))
    assert entries(bench) == {"a": ("PENDING", 0), "b": ("PENDING", 0)}
    assert isinstance(result.left_out["client"], ConfigError)


def test_one_way_that_is_down_or_not_there_holds_up_no_other(bench: Bench):
    for number in range(4):
        queue(bench, f"o{number}", audience="operator", recipient_id=None, address=None)
        queue(bench, f"c{number}")
    mailbox = Mailbox()
    result = bench.tell(mailbox)
    assert [address for address, _ in mailbox.got] == [f"c{number}@example.com" for number in range(4)]
    assert "SYNCCTL_NOTIFY_OPERATOR_URL" in str(result.left_out["operator"])
    operators = Mailbox(failures=99)
    result = bench.tell(mailbox, operator=operators)
    assert list(result.left_out) == ["operator"] and result.ended_by is None
    assert {key: state for key, (state, _) in entries(bench).items() if key.startswith("c")} == dict.fromkeys(
        [f"c{number}" for number in range(4)], "SENT"
    )


def test_one_that_answers_in_between_is_not_down(bench: Bench):
    troubles: dict[str, Exception] = {f"bad{number}": DeliveryFailed("no such mailbox") for number in range(4)}
    for name in ("bad0", "bad1", "good", "bad2", "bad3"):
        queue(bench, name)
    result = bench.tell(Picky(**troubles))
    assert (result.left_out, result.counts) == ({}, {"notifications_sent": 1, "notifications_waiting": 4})


@pytest.mark.parametrize("procedure", ["sp_CompleteNotification", "sp_FailNotification"])
def test_a_deadlock_loses_no_message_and_one_that_cant_be_noted_holds_up_no_other(bench: Bench, procedure: str):
    real = bench.database
    for name in ("bad", "a", "b"):
        queue(bench, name)
    mailbox = Picky(bad=DeliveryFailed("no such mailbox"))
    deadlock = TransientError("deadlock victim", code=1205, error_class="deadlock")
    bench.database = FaultyDatabase(real, before=Failing(procedure, deadlock))
    assert bench.tell(mailbox).counts == {"notifications_sent": 2, "notifications_waiting": 1}
    bench.clock.move(timedelta(seconds=60))
    queue(bench, "c")
    bench.database = FaultyDatabase(real, before=Failing(procedure, PermanentError("no", code=8152)))
    result = bench.tell(mailbox)
    bench.database = real
    assert (result.ended_by, len(result.sent)) == (None, 2)
    assert "c@example.com" in [address for address, _ in mailbox.got]
    assert [entries(bench)[name] for name in ("a", "b")] == [("SENT", 1)] * 2


def test_a_database_that_goes_away_ends_the_run_and_what_was_sent_is_told(bench: Bench):
    real = bench.database
    for name in ("a", "b"):
        queue(bench, name)
    gone = DatabaseUnavailable("the database has gone")
    calls: list[str] = []

    def fault(call: Procedure[Any]) -> Exception | None:
        calls.append(call.name)
        return gone if "sp_CompleteNotification" in calls[:-1] else None

    bench.database = FaultyDatabase(real, before=fault)
    result = bench.tell(Mailbox())
    bench.database = real
    assert (result.ended_by, result.counts) == (gone, {"notifications_sent": 1})


def test_no_message_is_taken_twice_in_a_run(bench: Bench, query: Callable[..., list[Any]]):
    """Not even where the clock says that it is due again."""
    queue(bench, "a")
    sent: list[str] = []

    class Slow(Mailbox):
        def send(self, message: Message, *, address: str | None = None) -> None:
            sent.append(message.title)
            bench.clock.move(timedelta(days=2))
            raise PermanentError("no")

    bench.tell(Slow())
    bench.clock.move(timedelta(days=2))
    assert len(sent) == 1 and [row["STATE"] for row in query("SELECT STATE FROM dbo.USER_NOTIFICATION")] == ["PENDING"]
