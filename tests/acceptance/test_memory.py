"""Whatever the other side sends, a command takes little memory, ends by itself, and says what was wrong."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

import pytest

from tests.acceptance.program import Ended, Program
from tests.hostile import MEGABYTE, Hostile, for_ever, head, one_member, whole
from tests.pods import PDF, packed

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak there")
MOST = 150
"""Megabytes of a whole process, the interpreter included."""
MEASURED = r"""
import re, sys
from pathlib import Path
from syncctl.cli.app import run_app
code = run_app(sys.argv[1:])
sys.stderr.write("peak " + re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1])
sys.exit(code)
"""
GZIP = {"Content_Encoding": "gzip"}


def measured(program: Program, *arguments: str) -> tuple[Ended, float]:
    """Run a command; return how it ended and the most memory it had, in megabytes."""
    ended = program.run(*arguments, python=("-c", MEASURED))
    return ended, int(ended.err.rsplit("peak ", 1)[1]) / 1024


def packed_json(begin: bytes = b"[", fill: bytes = b"", end: bytes = b"1]", *, megabytes: float) -> list[bytes]:
    """A whole answer of gzip, so many megabytes large when it is unpacked."""
    return whole(gzip.compress(begin + fill * int(megabytes * MEGABYTE / len(fill)) + end, 1), **GZIP)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: chain([head()], for_ever(b" " * 65_536)), "larger than 64 MB"),
        (lambda: [head(**GZIP), *one_member(megabytes=1500)], "larger than 64 MB"),
        (lambda: packed_json(fill=b"[],", megabytes=60), "too much memory"),
        (lambda: packed_json(fill=b"[],", megabytes=1.7), "no list of objects"),
        (lambda: packed_json(fill=b'{"a":1},', megabytes=2), "no list of objects"),
        (lambda: packed_json(fill=b"1.5,", megabytes=6), "too much memory"),
        (lambda: packed_json('["\U0001f600'.encode(), b"x", b'"]', megabytes=60), "too much memory"),
        (lambda: packed_json(b'["', b"x", b'"]', megabytes=26), "no list of objects"),
    ],
    ids=["endless", "1.5 GB", "60 MB of lists", "lists", "objects", "decimals", "an emoji", "one text"],
)
def test_a_poll(syncctl: Program, answer: Callable[[], Iterable[bytes]], says: str):
    with Hostile(lambda _: answer()) as server:
        syncctl.settings.update(SYNCCTL_WOO_URL=server.url, SYNCCTL_WOO_CONSUMER_KEY="ck_x", SYNCCTL_WOO_CONSUMER_SECRET="cs_x")
        ended, peak = measured(syncctl, "stage", "--json", "--since", "1d")
    assert peak < MOST
    assert says in ended.json["errors"][0]["message"]


CARRIER = """
name = "hostile"
[request]
url = "{url}/pod/{{tracking_number}}"
[response]
format = "{form}"
document = "{place}"
link = "link"
status = "status"
"""


def large(megabytes: float) -> bytes:
    return PDF[:-7] + b"x" * int(megabytes * MEGABYTE) + PDF[-7:]


PROOFS: dict[str, tuple[str, Callable[[], Iterable[bytes]], str]] = {
    "1.5 GB": ("json", lambda: [head(**GZIP), *one_member(megabytes=1500)], "too_large"),
    "lists": ("json", lambda: packed_json(fill=b"[],", megabytes=25), "unknown"),
    "decimals": ("json", lambda: packed_json(fill=b"1.5,", megabytes=6), "not_delivered"),
    "elements": ("xml", lambda: packed_json(b"<a>", b"<b/>", b"</a>", megabytes=25), "unknown"),
    "attributes": ("xml", lambda: packed_json(b"<a>", b"<b c='d'/>", b"</a>", megabytes=1.9), "unknown"),
    "JSON of 20 MB": ("json", lambda: whole(json.dumps({"document": packed(large(19.9))}).encode()), "success"),
    "XML of 20 MB": ("xml", lambda: whole(f"<a><document>{packed(large(19.9))}</document></a>".encode()), "success"),
    "20 MB": ("document", lambda: whole(large(19.9)), "success"),
}
KEPT = [what for what, (_, _, cause) in PROOFS.items() if cause == "success"]
STORED = [*((what, "folder") for what in PROOFS), *((what, "database") for what in KEPT)]
"""Where nothing is to be kept, one place is enough."""


@pytest.mark.parametrize(("what", "store"), STORED)
def test_a_proof(syncctl: Program, what: str, store: str):
    form, answer, cause = PROOFS[what]
    with Hostile(lambda _: answer()) as server:
        folder = syncctl.folder / "carriers"
        folder.mkdir()
        (folder / "hostile.toml").write_text(CARRIER.format(url=server.url, form=form, place="document"), encoding="utf-8")
        syncctl.settings.update(SYNCCTL_POD_CARRIER_DIR=str(folder), SYNCCTL_POD_DIR=str(syncctl.folder / "pods"))
        syncctl.settings["SYNCCTL_POD_STORE"] = store
        assert syncctl("pod", "add", "CLM-1", "--carrier", "hostile", "--tracking", "XN1").code == 0
        ended, peak = measured(syncctl, "pod-fetch", "--json")
    [item] = ended.json["items"]
    assert peak < MOST
    assert (item["cause"] or item["outcome"]) == cause
