"""The ways to people: real mail, real syslog, a real HTTP receiver; addresses that make no sense; nothing secret is shown."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from syncctl.errors import ConfigError
from syncctl.notify.channels import AppriseChannel, DeliveryFailed, split
from syncctl.notify.event_log import EventLogChannel
from syncctl.notify.messages import Message, Templates
from syncctl.notify.syslog import SyslogChannel
from syncctl.notify.ways import Addresses, Ways, problem, shown
from syncctl.secret import Hider, Secret
from syncctl.settings_load import load
from tests.crash.hosts import eventually
from tests.receivers import mail_server, receiver, syslog


def hider(url: str) -> Hider:
    return AppriseChannel([Secret(url)])._hider


CRITICAL = Message("[CRITICAL] The store can't be used (shop)", "no answer\nsince noon: Zoë", "critical")


def addresses(*urls: str, **more: Any) -> Addresses:
    return Addresses(operator=[Secret(url) for url in urls], **more)


def test_a_mail_arrives_whole() -> None:
    with mail_server() as (box, port):
        url = f"mailto://127.0.0.1:{port}?from=shop@example.test&to=ada@example.test,ben@example.test&mode=insecure"
        AppriseChannel([Secret(url)]).send(CRITICAL)
    assert {str(mail["Subject"]) for mail in box.mails} == {CRITICAL.title}
    assert {str(mail["X-Envelope-To"]) for mail in box.mails} == {"ada@example.test", "ben@example.test"}
    body = box.mails[0].get_body(("plain",))
    assert body is not None
    assert "since noon: Zoë" in body.get_content()


def test_a_pager_and_a_chat_are_told_how_bad_it_is() -> None:
    data = {
        "title": "t",
        "subject": "",
        "message": "m",
        "advice": "",
        "since": "",
        "until": "",
        "incident": 1,
        "host": "h",
        "store": "",
    }
    with receiver() as people:
        channel = AppriseChannel([Secret(people.url)])
        for what, severity in (("opened", "critical"), ("opened", "warning"), ("recovered", "")):
            template = "alert_recovered" if what == "recovered" else "alert"
            channel.send(Templates().render(template, {**data, "what": what, "severity": severity}))
        channel.send(Message("a test", ""))
        assert [told["type"] for told in people.told] == ["failure", "warning", "success", "info"]


@pytest.mark.skipif(sys.platform == "win32", reason="NOT tested on Windows, because it has no local syslog")
@pytest.mark.parametrize("kind", ["local", "stream"])
def test_a_record_reaches_the_local_log(tmp_path: Path, kind: str) -> None:
    with syslog(kind, tmp_path) as (address, records):
        SyslogChannel(address).send(CRITICAL)
        SyslogChannel(address).send(Message("late", "", "warning"))
        SyslogChannel(address).send(Message("over", ""))
        arrived(records, 3)
    assert [record[: record.index(b">") + 1] for record in records] == [b"<10>", b"<12>", b"<13>"]
    assert records[0].endswith("alert - [CRITICAL] The store can't be used (shop): no answer since noon: Zoë".encode())
    assert b"\n" not in records[0]


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_a_record_reaches_a_log_server(tmp_path: Path, kind: str) -> None:
    with syslog(kind, tmp_path) as (address, records):
        SyslogChannel(address).send(Message("x", "ü" * 5000, "critical"))
        arrived(records, 1)
    length, _, record = records[0].partition(b" ") if kind == "tcp" else (str(len(records[0])).encode(), b"", records[0])
    assert int(length) == len(record) <= 2000
    assert record.decode().endswith("ü"), "cut between two characters"


def arrived(records: list[bytes], number: int) -> None:
    eventually(lambda: len(records) >= number)
    assert len(records) == number


def test_a_log_that_is_not_there_is_said(tmp_path: Path) -> None:
    for address in ("tcp://127.0.0.1:9", *(() if sys.platform == "win32" else (str(tmp_path / "none"),))):
        with pytest.raises(DeliveryFailed, match="Not delivered to syslog"):
            SyslogChannel(address).send(CRITICAL)


@pytest.mark.skipif(sys.platform != "win32", reason="NOT tested here, because this system has a local syslog")
def test_a_local_log_on_windows_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no local syslog"):
        SyslogChannel(str(tmp_path / "none")).send(CRITICAL)


@pytest.mark.skipif(
    sys.platform == "win32", reason="NOT tested on Windows, because the event log is there; it is written to in another test"
)
def test_there_is_no_event_log_here() -> None:
    with pytest.raises(ConfigError, match="this system has no Windows Event Log"):
        EventLogChannel().send(CRITICAL)


@pytest.mark.skipif(sys.platform != "win32", reason="the Windows Event Log is NOT tested here: this is no Windows")
def test_an_event_is_written_to_the_event_log() -> None:
    EventLogChannel().send(CRITICAL)


def test_a_way_is_called_by_its_place_and_what_is_critical_goes_all_of_them() -> None:
    held = addresses("json://a", "json://b", critical=[Secret("json://sms")], syslog="/dev/log", event_log=True)
    assert held.names() == ["operator:1", "operator:2", "critical:1", "syslog", "eventlog"]
    assert held.named_for("warning") == ["operator:1", "operator:2", "syslog", "eventlog"]
    assert held.named_for("critical") == held.names()
    assert held.people() == ["operator:1", "operator:2"]
    assert Addresses().named_for("critical") == []


def test_each_address_is_a_way_by_itself() -> None:
    with receiver() as first, receiver() as second:
        first.status = 500
        channels = Ways(addresses(first.url, second.url)).channels()
        with pytest.raises(DeliveryFailed):
            channels["operator:1"].send(CRITICAL)
        channels["operator:2"].send(CRITICAL)
        assert second.titles() == [CRITICAL.title]


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("nonsense://s3kret", "nonsense"),
        ("s3kret", "no address"),
        ("mailto://", "mailto"),
        ("https//s3kret.example", "no address"),
    ],
)
def test_an_address_that_is_none_is_told_and_not_shown(
    url: str, kind: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    held = addresses("json://fine", url)
    assert problem(held, "operator:1") is None
    said = problem(held, "operator:2")
    assert said is not None
    assert said.startswith("address 2 of SYNCCTL_NOTIFY_OPERATOR_URL is none that Apprise knows, such as mailtos://")
    assert shown(held, "operator:2") == kind
    with pytest.raises(ConfigError):
        Ways(held).channels()["operator:2"].send(CRITICAL)
    assert "s3kret" not in said + caplog.text + "".join(capfd.readouterr())


def test_what_a_channel_says_has_no_password() -> None:
    with receiver() as other:
        other.status = 403
        with pytest.raises(DeliveryFailed) as failed:
            AppriseChannel([Secret(other.url)]).send(CRITICAL)
    assert "s3kret" not in str(failed.value)
    assert "t0ken" not in str(failed.value)


def test_a_token_with_dots_is_hidden_and_a_mail_servers_name_is_not() -> None:
    key = "SG.abcdefgh1234.ijklmnop5678"
    said = hider(f"sendgrid://{key}:shop@long-named.mail.example.test/ada@example.test").plain(
        f"{key} refused by long-named.mail.example.test"
    )
    assert said == "*** refused by long-named.mail.example.test"


def test_a_log_server_takes_no_password() -> None:
    assert load(environment={"SYNCCTL_ALERT_SYSLOG": "udp://log.example:514"}).alert_syslog == "udp://log.example:514"
    with pytest.raises(ConfigError, match="SYNCCTL_ALERT_SYSLOG") as refused:
        load(environment={"SYNCCTL_ALERT_SYSLOG": "udp://ada:s3kret@log.example:514"})
    assert "s3kret" not in Hider().clean(str(refused.value)), "as every command shows it"


def test_a_server_that_never_ends_keeps_no_process_from_ending() -> None:
    before = set(threading.enumerate())  # the threads themselves: a new one may be given the number of one that has ended
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"mailto://127.0.0.1:{server.getsockname()[1]}?from=shop@example.test&to=ada@example.test&mode=insecure"
        with pytest.raises(DeliveryFailed, match="no end after"):
            AppriseChannel([Secret(url)], seconds=0.5).send(CRITICAL)
        # Python waits at its end for threads that are no daemons, and for those of every pool.
        left = [thread for thread in threading.enumerate() if thread not in before]
    assert {(thread.name, thread.daemon) for thread in left} == {("syncctl-call", True)}


def test_several_addresses_stand_with_blanks_between() -> None:
    assert [url.reveal() for url in split(Secret(" json://a\t json://b "))] == ["json://a", "json://b"]


DATA = {
    "what": "opened",
    "title": "The store can't be used",
    "subject": "shop",
    "severity": "critical",
    "message": "no answer",
    "advice": "look",
    "since": "then",
    "until": "",
    "incident": 42,
    "host": "SHOP01",
    "store": "woo",
}


def test_a_message_says_what_since_when_and_what_to_do() -> None:
    message = Templates().render("alert", DATA)
    assert (message.title, message.severity) == ("[CRITICAL] The store can't be used (shop)", "critical")
    assert message.body.splitlines() == [
        "no answer",
        "",
        "What to do: look",
        "",
        "Incident 42, since then. `syncctl alerts ack 42` tells the others that somebody looks after it.",
        "SHOP01, store woo",
    ]
    assert Templates().render("alert", {**DATA, "what": "again", "subject": ""}).title.endswith("be used, more of it")
    short = Templates().render("alert", {**DATA, "advice": "", "incident": None, "store": ""})
    assert short.body.splitlines() == ["no answer", "", "SHOP01"]


def test_a_message_of_the_end_and_a_digest() -> None:
    over = Templates().render("alert_recovered", {**DATA, "severity": "", "until": "now"})
    assert (over.title, over.severity) == ("[RECOVERED] The store can't be used (shop)", "")
    assert over.body.startswith("It is over: since then, until now.")
    digest = Templates().render("alert_digest", {"open": ["a", "b"], "recovered": ["c"], "host": "h", "store": "s"})
    assert digest.title == "[DIGEST] 2 open, 1 recovered in a day"
    assert "- a\n- b" in digest.body
    quiet = Templates().render("alert_digest", {"open": [], "recovered": [], "host": "h", "store": "s"})
    assert quiet.title == "[DIGEST] All is well, 0 recovered in a day"
    assert "Nothing needs attention." in quiet.body
