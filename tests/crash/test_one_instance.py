"""A job runs once at a time on a host, and a store is polled by one host at a time; whoever comes second does nothing at all."""

from __future__ import annotations

import pytest

from syncctl.services.process import BATCH
from tests.crash.hosts import NOTES, ORDERS, Held, Site, ended, eventually, running


def site_with_work(site: Site, command: str) -> list[int]:
    """Prepare two orders whose messages to the store are what this command does next."""
    numbers = site.stage(2)
    if command == "retry-failed":
        host = site.host()
        del host.settings["SYNCCTL_WOO_URL"]
        assert host("process", "--json").json["counts"]["write_back_pending"] == 2
    return numbers


def snapshot(site: Site) -> list[object]:
    tables = ("USER_ORDER_STAGING", "USER_STORE_OUTBOX", "USER_ORDER_EVENT", "USER_SYNC_LOG", "USER_SYNC_WALK", "PS_DOC_HDR")
    return [sorted(map(repr, site.rows(f"SELECT * FROM dbo.{table}"))) for table in tables]


@pytest.mark.parametrize("command", ["process", "retry-failed"])
def test_the_second_run_on_a_host_exits_75_and_touches_nothing(site: Site, command: str) -> None:
    numbers = site_with_work(site, command)
    held = Held(site.store, NOTES)
    with running(site.host(), command, "--json", held=held) as first:
        before = snapshot(site)
        second = site.host().run(command, "--json")
        assert (second.code, second.json["status"]) == (75, "already_running")
        assert f"{command} is already running here (process {first.pid})" in second.json["errors"][0]["message"]
        assert snapshot(site) == before
        assert site.host()("stage").code == 0, "another job is not held up"
        held.go.set()
        assert ended(first).code == 0
    assert site.notes(numbers) == [1, 1]
    assert site.host()(command).code == 0


@pytest.mark.parametrize("command", ["process", "retry-failed"])
def test_a_hard_kill_frees_the_lock_at_once(site: Site, command: str) -> None:
    site_with_work(site, command)
    held = Held(site.store, NOTES)
    with running(site.host(), command, held=held) as first:
        first.kill()
        first.wait()
        assert site.host()(command).code == 0


@pytest.mark.parametrize("command", ["process", "retry-failed"])
def test_parallel_lifts_it_and_leases_keep_the_two_apart(site: Site, command: str) -> None:
    numbers = site_with_work(site, command)
    held = Held(site.store, NOTES)
    with running(site.host(), command, "--json", held=held) as first:
        numbers += site.stage(1)
        second = site.host().run(command, "--parallel", "--json")
        assert second.code == 0
        assert site.notes(numbers)[2:] == [command == "process"], "the second takes what the first doesn't hold"
        held.go.set()
        assert ended(first).code == 0
    assert site.host()("process").code == 0
    assert site.notes(numbers) == [1, 1, 1]
    assert site.states() == [("APPLIED", 1)] * 3
    assert len(site.rows("SELECT DOC_ID FROM dbo.PS_DOC_HDR")) == 3


def test_two_hosts_process_side_by_side(site: Site) -> None:
    numbers = site.stage(BATCH + 1)
    held = Held(site.store, NOTES)
    with running(site.host("one"), "process", held=held) as first:
        assert site.host("two")("process", "--json").json["counts"]["created"] == 1
        held.go.set()
        assert ended(first).code == 0
    assert site.notes(numbers) == [1] * len(numbers)


def test_two_hosts_do_not_poll_one_store_at_once(anywhere: Site) -> None:
    site = anywhere
    site.place(3)
    held = Held(site.store, ORDERS)
    with running(site.host("one"), "stage", "--since", "1h", "--json", held=held) as first:
        second = site.host("two")("stage", "--since", "1h", "--json")
        assert (second.code, second.json["status"]) == (75, "already_running")
        assert "stage woocommerce is already running on this database" in second.json["errors"][0]["message"]
        assert site.rows("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING") == []
        assert site.rows("SELECT WALK_NAME FROM dbo.USER_SYNC_WALK") == []
        another_store = site.host("two")
        another_store.settings["SYNCCTL_STORE_ID"] = "shop2"
        assert another_store("stage", "--since", "1h").code == 0
        held.go.set()
        assert ended(first).json["counts"]["staged"] == 3
    assert site.host("two")("stage", "--since", "1h", "--json").json["counts"]["unchanged"] == 3


def test_a_poll_that_is_killed_frees_the_store(anywhere: Site) -> None:
    site = anywhere
    site.place(1)
    held = Held(site.store, ORDERS)
    with running(site.host("one"), "stage", "--since", "1h", held=held) as first:
        first.kill()
        first.wait()
        # A database server may need a moment to see that the connection is gone.
        eventually(lambda: site.host("two")("stage", "--since", "1h").code == 0)
    assert site.states() == [("PENDING", 0)]
