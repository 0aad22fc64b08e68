"""Templates and channels: what a person reads, and that it really arrives, by mail and over HTTP, at servers on loopback."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import tracemalloc
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from syncctl.errors import STOPPED, ConfigError
from syncctl.notify.channels import AddressRefused, AppriseChannel, DeliveryFailed, split
from syncctl.notify.messages import Message, TemplateError, Templates
from syncctl.secret import Secret
from tests.clocks import PATIENCE
from tests.hostile import MEGABYTE, Hostile, for_ever, head, one_member, whole
from tests.nobody import nobodys_port

DATA = {
    "claim_reference": "CLM-2024-001",
    "carrier": "Chronopost",
    "tracking_number": "XN1",
    "client_name": "Zoë\r\nBcc: all@example.com",
    "error": "Numéro inconnu, clé s3cret",
    "error_class": "persistent",
    "cause": "invalid_tracking",
    "retry_count": 0,
}


class MailServer(threading.Thread):
    """As much SMTP as one mail needs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.stopped = threading.Event()
        self.recipients: list[str] = []
        self.mails: list[bytes] = []

    def run(self) -> None:
        while True:
            connection, _ = self.socket.accept()
            if self.stopped.is_set():
                connection.close()
                return
            with connection, connection.makefile("rwb") as stream:
                self.talk(stream)

    def talk(self, stream: Any) -> None:
        def say(line: str) -> None:
            stream.write(line.encode() + b"\r\n")
            stream.flush()

        say("220 loopback")
        while line := stream.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"RCPT":
                self.recipients.append(line.decode().split("<")[1].split(">")[0])
            if word == b"DATA":
                say("354 go on")
                mail = b""
                while (part := stream.readline()) not in (b".\r\n", b""):
                    mail += part
                self.mails.append(mail)
            if word == b"QUIT":
                say("221 bye")
                return
            say("250 ok")

    def stop(self) -> None:
        """Let it come back from waiting for a mail: on some systems closing the socket doesn't."""
        self.stopped.set()
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE).close()
        self.join(PATIENCE)
        self.socket.close()


@pytest.fixture
def mail_server():
    server = MailServer()
    server.start()
    yield server
    server.stop()
    assert not server.is_alive()


def test_the_built_in_message_says_what_to_do_in_both_languages_and_its_title_is_one_line():
    message = Templates().render("pod_failed", DATA)
    assert message.title == "Claim CLM-2024-001: no proof of delivery / pas de preuve de livraison"
    for words in (
        "Please check the tracking number",
        "Merci de vérifier le numéro de suivi",
        "does not know",
        "ne connaît pas",
        "XN1",
    ):
        assert words in message.body
    assert "Numéro inconnu" not in message.body
    assert "\n" not in message.title


@pytest.mark.parametrize("cause", ["carrier_not_supported", "no_document", "invalid_credentials"])
def test_the_message_is_complete_with_nothing_known(cause):
    message = Templates().render(
        "pod_failed", {**DATA, "client_name": None, "carrier": None, "tracking_number": None, "cause": cause}
    )
    assert "Dear customer," in message.body and "none" in message.body


def test_a_folders_template_comes_first(tmp_path: Path):
    (tmp_path / "pod_failed.txt").write_text("Réf. {{ claim_reference }}\n\n{{ error }}\n", encoding="utf-8")
    assert Templates(tmp_path).render("pod_failed", DATA) == Message(
        "Réf. CLM-2024-001", "The carrier does not know this tracking number."
    )


@pytest.mark.parametrize("template", ["{{ nothing }}", "{{ error.__class__.__mro__ }}", "{% if %}"])
def test_a_template_that_asks_for_what_is_not_there_or_not_its_business_fails(tmp_path: Path, template):
    (tmp_path / "pod_failed.txt").write_text(template, encoding="utf-8")
    with pytest.raises(TemplateError, match=r"pod_failed\.txt"):
        Templates(tmp_path).render("pod_failed", DATA)
    with pytest.raises(TemplateError, match=r"missing\.txt"):
        Templates().render("missing", {})


def test_a_mail_arrives_at_the_clients_address(mail_server):
    url = Secret(f"mailto://127.0.0.1:{mail_server.port}?from=shop@example.com&to=nobody@example.com")
    AppriseChannel([url]).send(Templates().render("pod_failed", DATA), address="client+x@example.com")
    assert mail_server.recipients == ["client+x@example.com"]
    mail = message_from_bytes(mail_server.mails[0], policy=policy.default)
    assert mail["Subject"] == "Claim CLM-2024-001: no proof of delivery / pas de preuve de livraison"
    assert mail["To"] and "client+x@example.com" in mail["To"]
    assert "all@example.com" not in (mail["Bcc"] or "")
    body = mail.get_body(("plain",))
    assert body is not None and "réclamation CLM-2024-001" in body.get_content()


def test_any_address_that_apprise_knows_will_do():
    received: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if len(received) == 1 else 500)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        channel = AppriseChannel(split(Secret(f"json://127.0.0.1:{server.server_address[1]}/x")))
        channel.send(Message("Title", "Body"))
        with pytest.raises(DeliveryFailed):
            channel.send(Message("Title", "Body"))
        server.shutdown()
        thread.join(PATIENCE)
    assert (received[0]["title"], received[0]["message"]) == ("Title", "Body")


def test_a_server_that_is_not_there_is_a_failed_delivery_and_says_no_secret():
    channel = AppriseChannel(
        [Secret(f"mailto://user:geheim77@127.0.0.1:{nobodys_port()}?from=a@example.com&to=b@example.com&mode=insecure")]
    )
    with pytest.raises(DeliveryFailed) as raised:
        channel.send(Message("t", "b"))
    assert "geheim77" not in str(raised.value)


@pytest.mark.parametrize("address", [None, "a@example.com"])
def test_a_channel_that_is_none_is_a_configuration_error(address):
    with pytest.raises(ConfigError):
        AppriseChannel([Secret("nonsense")]).send(Message("t", "b"), address=address)


@pytest.mark.parametrize(
    "address", ["a@b@c, d@e", "", "nobody", "a@b.c\r\nBcc: d@e.f", "a@" + "b" * 5000, "@", "a@\ud83d.example"]
)
def test_a_persons_address_that_is_none_is_that_messages_concern_alone(address):
    """Never the set-up's: the next message has an address of its own."""
    with pytest.raises((AddressRefused, DeliveryFailed, UnicodeError)):
        AppriseChannel([Secret("mailto://127.0.0.1:9?from=a@example.com")]).send(Message("t", "b"), address=address)


def test_addresses_are_split_at_blanks():
    assert [secret.reveal() for secret in split(Secret(" json://a  json://b "))] == ["json://a", "json://b"]
    assert split(None) == []


def test_a_channel_that_never_ends_is_given_up_and_a_stop_is_heeded():
    stop = threading.Event()
    with Hostile(lambda server: server.slowly(chain([head(length=10**6)], for_ever(b" ")))) as server:
        url = Secret(server.url.replace("http", "json"))
        with pytest.raises(DeliveryFailed, match="SYNCCTL_HTTP_ANSWER_TIMEOUT"):
            AppriseChannel([url], seconds=0.3).send(Message("t", "b"))
        stop.set()
        with pytest.raises(DeliveryFailed, match="asked to stop") as caught:
            AppriseChannel([url], stop=stop).send(Message("t", "b"))
        assert caught.value.code == STOPPED


def test_a_channel_that_answers_gigabytes_takes_no_memory():
    answer = lambda _: chain([head(500, Content_Encoding="gzip")], one_member(megabytes=1000))  # noqa: E731
    with Hostile(answer) as server:
        channel = AppriseChannel([Secret(server.url.replace("http", "json"))])
        tracemalloc.start()
        try:
            with pytest.raises(DeliveryFailed):
                channel.send(Message("t", "b"))
            assert tracemalloc.get_traced_memory()[1] < 60 * MEGABYTE
        finally:
            tracemalloc.stop()


def test_what_a_channel_says_shows_no_token_and_no_control():
    said = b"token-0123456789 and pass word \x1b[2J\r\n"
    with Hostile(lambda _: whole(said, 400)) as server:
        url = Secret(f"{server.url.replace('http://', 'json://user:pass%20word@')}/token-0123456789")
        with pytest.raises(DeliveryFailed) as caught:
            AppriseChannel([url]).send(Message("t", "b"))
    assert "0123456789" not in str(caught.value) and "\x1b" not in str(caught.value)
    channel = AppriseChannel([url])
    assert channel._hider.plain(f"said {said.decode()}") == "said *** and *** \N{REPLACEMENT CHARACTER}[2J"


def test_a_text_of_the_data_brings_no_control_into_a_mail():
    message = Templates().render("pod_failed", {**DATA, "carrier": "Acme\x1b[2J\u202e\nBcc: x"})
    assert not {"\x1b", "\u202e"} & set(message.body) and "\nBcc" not in message.body
