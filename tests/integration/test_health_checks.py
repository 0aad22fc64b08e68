"""Each further check of `health` fires, and is well again: jobs, keys, versions, certificates, disks, carriers, messages."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import AddClaim, CarrierUse, DeployedScript, ListDeployedScripts, PodCount, Procedure, QueueNotification
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.errors import StoreMisconfigured, StoreUnavailable, TransientError, UsageError
from syncctl.services import health_systems as systems
from syncctl.services.health import Around
from syncctl.services.health_findings import Check, Thresholds
from syncctl.services.health_jobs import StoreJobs, longest_silence
from syncctl.services.health_verdict import CHECKS, check_named
from syncctl.stores.certificate import expires_at
from tests.certificates import make_certificate
from tests.clocks import PATIENCE, MovableClock, deadline_comes, end_of_looks
from tests.integration.test_health import Bench, bench
from tests.raws import raw_order

__all__ = ["bench"]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def one(bench: Bench, name: str, **how: Any) -> Check:
    [check] = [check for check in bench.look(**how).checks if check.name == name]
    return check


# --- Jobs ---------------------------------------------------------------------------------------------------------------


def settle(bench: Bench, minutes: int) -> None:
    """Time goes by, and the store is polled."""
    bench.clock.move(timedelta(minutes=minutes))
    bench.ran("stage")
    bench.polled()


def test_a_job_that_ran_regularly_and_stopped_is_missed_until_it_runs_again(bench: Bench) -> None:
    for _ in range(3):
        settle(bench, 10)
        bench.ran("process")
        bench.ran("sync-status")
    assert bench.levels() == {}
    settle(bench, 31)
    assert bench.levels() == {"job_process": "critical"}
    assert bench.said("job_process") == "last ran 31 min ago (limit 30 min)"
    settle(bench, 60)
    assert bench.levels() == {"job_process": "critical", "job_sync_status": "warning"}, "nothing moves without the first"
    bench.ran("process")
    bench.ran("sync-status")
    assert bench.levels() == {}


def test_a_job_that_was_never_set_up_is_not_missed_unless_a_setting_says_that_it_runs(bench: Bench) -> None:
    bench.ran("pod-fetch")
    bench.ran("pod-fetch")
    settle(bench, 5000)
    assert bench.levels() == {}, "somebody tried it twice"
    assert bench.levels(intervals={"pod-fetch": 30}) == {"job_pod_fetch": "warning"}
    assert bench.levels(intervals={"pod-retry": 60}) == {"job_pod_retry": "warning"}
    assert one(bench, "job_pod_retry", intervals={"pod-retry": 60}).message == "has never run"
    bench.ran("pod-fetch")
    settle(bench, 5000)
    assert bench.levels() == {"job_pod_fetch": "warning"}, "three times: it is a job of this place"
    assert bench.levels(intervals={"pod-fetch": 0}) == {}


def test_dry_runs_are_no_runs(bench: Bench) -> None:
    for _ in range(4):
        bench.ran("process", dry_run=True)
    assert not [check for check in bench.look().checks if check.name == "job_process"]


def test_a_comparison_every_night_is_missed_after_two_days(bench: Bench) -> None:
    for _ in range(3):
        bench.ran("stage --reconcile")
    settle(bench, 2 * 24 * 60 - 1)
    assert bench.levels() == {}
    settle(bench, 2)
    assert bench.levels() == {"job_reconcile": "warning"}
    assert (longest_silence(10, 3), longest_silence(60, 3), longest_silence(7 * 1440, 3)) == (30, 180, 8 * 1440)


@pytest.mark.parametrize("exit_code", [69, 78, 2])
def test_a_job_that_runs_and_fails_is_told_with_its_reason(bench: Bench, exit_code: int) -> None:
    for _ in range(3):
        bench.ran("process")
    bench.clock.move(timedelta(minutes=10))
    bench.ran("process", exit_code, message="the store does not answer")
    assert bench.levels() == {"job_process": "warning"}
    said = bench.said("job_process")
    assert said.startswith(
        f"ran 0 s ago and ended with exit code {exit_code}; the last that did its work ended 10 min ago: the st"
    )
    for _ in range(4):
        settle(bench, 10)
        bench.ran("process", exit_code)
    assert bench.levels() == {"job_process": "critical"}, "it starts, and does nothing"
    bench.ran("process", 1)
    assert bench.levels() == {}, "orders that failed are no fault of the job"


def test_a_job_that_was_killed_and_never_came_back_says_so(bench: Bench) -> None:
    for _ in range(2):
        bench.ran("process")
    bench.ran("process", None)
    assert one(bench, "job_process").message == "ran 0 s ago, and is at work"
    settle(bench, 31)
    assert "that run never ended: it was killed, or hangs" in bench.said("job_process")


def both_ran(bench: Bench, minutes: int, *stores: str) -> None:
    """Time goes by; both stores are polled, and the orders of those named are worked on."""
    bench.clock.move(timedelta(minutes=minutes))
    for store in ("woocommerce", "uk"):
        bench.ran("stage", store_id=store)
        bench.polled(store)
    for store in stores:
        bench.ran("process", store_id=store)


def test_a_job_of_one_store_that_stopped_is_not_hidden_by_those_of_another(bench: Bench) -> None:
    for _ in range(3):
        both_ran(bench, 10, "woocommerce", "uk")
    assert bench.levels() == {}
    assert one(bench, "job_process").message == "of 2 stores, the one that waits longest: uk ran 0 s ago"
    for _ in range(4):
        both_ran(bench, 10, "woocommerce")
    assert bench.levels() == {"job_process": "critical"}
    check = one(bench, "job_process", around=Around(stores={"uk": StoreJobs(profile="britain")}))
    assert check.message == "store uk: last ran 40 min ago (limit 30 min)"
    assert "`syncctl process --max-runtime 45m --profile britain` does it now" in check.advice
    assert {figure.name: figure.value for figure in check.figures} == {
        "job_process": 2400,
        "job_process_woocommerce": 0,
        "job_process_uk": 2400,
    }
    assert [(part.name, part.level) for part in check.parts] == [("process of uk", "critical"), ("process of woocommerce", "ok")]
    for _ in range(4):
        both_ran(bench, 10, "uk")
    assert bench.said("job_process") == "store woocommerce: last ran 40 min ago (limit 30 min)"


def test_a_store_that_was_given_up_is_left_out(bench: Bench) -> None:
    for _ in range(3):
        both_ran(bench, 10, "woocommerce", "uk")
    both_ran(bench, 31, "woocommerce")
    assert bench.levels(ignore_stores=("uk",)) == {}
    assert bench.said("job_process", ignore_stores=("uk",)) == "ran 0 s ago"
    assert "or SYNCCTL_HEALTH_IGNORE_STORES=uk" in one(bench, "job_process").advice


def test_how_often_a_job_runs_for_a_store_its_own_profile_says(bench: Bench) -> None:
    for _ in range(3):
        both_ran(bench, 10, "woocommerce", "uk")
    both_ran(bench, 31, "woocommerce")
    for said in (StoreJobs(intervals={"process": 60}), StoreJobs(intervals={"process": 0})):
        assert bench.look(around=Around(stores={"uk": said})).healthy
    assert not bench.look(around=Around(stores={"uk": StoreJobs(intervals={"process": 10})})).healthy
    both_ran(bench, 0, "uk")
    # A job that this store has to have by its own settings is missed from the first day on, whatever others do.
    assert bench.levels(intervals={"sync-status": 30}) == {"job_sync_status": "warning"}
    bench.ran("sync-status", store_id="uk")
    assert bench.said("job_sync_status", intervals={"sync-status": 30}) == "store woocommerce: has never run"


def test_a_store_whose_jobs_were_set_up_and_never_ran_is_missed_from_wherever_somebody_looks(bench: Bench) -> None:
    both_ran(bench, 10)
    set_up = Around(stores={"uk": StoreJobs(profile="uk", intervals={"process": 10, "sync-status": 30})})
    assert one(bench, "job_process", around=set_up).message == "store uk: has never run"
    bench.ran("sync-status", store_id="woocommerce")
    assert one(bench, "job_sync_status", around=set_up).message == "store uk: has never run"
    assert "--profile uk` does it now" in one(bench, "job_sync_status", around=set_up).advice
    assert bench.look(around=set_up, ignore_stores=("uk",)).healthy


def test_what_the_scheduler_says_of_its_entries_is_told_with_the_job(bench: Bench) -> None:
    asked = Around(scheduler=lambda: {"process": "its task is disabled", "db-purge": "its task is missing"})
    assert {check.name: check.message for check in bench.look(around=asked).wrong} == {
        "job_process": "its task is disabled",
        "job_db_purge": "its task is missing",
    }


# --- The store: keys, version, certificate ------------------------------------------------------------------------------


def test_keys_that_may_only_read_are_critical_and_nothing_is_written_to_find_out(bench: Bench) -> None:
    number = bench.store.shopkeeper.place(raw_order(("TEE-BLK", 1, "19.99")))
    before = dict(bench.store.state.orders[number])
    assert one(bench, "keys").level == "ok"
    bench.store.gate.writable = False
    check = one(bench, "keys")
    assert check.level == "critical"
    assert one(bench, "store").level == "ok", "it may be read"
    assert bench.store.state.orders[number] == before
    bench.store.gate.writable = True
    assert bench.levels() == {}


def test_a_version_that_ends_soon_is_told_before(bench: Bench) -> None:
    def level(ends: date | None, *warnings: str) -> list[tuple[str, float | None]]:
        return [(check.level, check.value) for check in systems.version(ends, NOW, warnings, Thresholds())]

    assert level(None) == []
    assert level(date(2027, 1, 1)) == [("ok", 41.5)]
    assert level(date(2026, 12, 1)) == [("warning", 10.5)]
    assert level(date(2026, 11, 1)) == [("critical", -19.5)]
    assert level(date(2027, 1, 1), "ask for less") == [("warning", 41.5)]
    assert level(None, "ask for less") == [("warning", None)]


def test_the_certificate_of_a_store_is_read_from_the_store_itself(tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    with SimulatedStore(certificate=(cert, key)) as store:
        expires = expires_at(store.url, ca_bundle=cert)
        assert expires is not None
        assert timedelta(days=1) < expires - datetime.now(UTC) < timedelta(days=2, minutes=1)
        with pytest.raises(StoreMisconfigured, match=r"its certificate is refused: self.signed"):
            expires_at(store.url)
    with pytest.raises(StoreUnavailable, match="could not be looked at"):
        expires_at(store.url, ca_bundle=cert)
    assert expires_at("http://shop.example") is None


def test_a_certificate_is_judged_by_the_days_that_are_left(bench: Bench) -> None:
    def around(days: float) -> Around:
        return Around(certificate=lambda: bench.clock() + timedelta(days=days))

    for days, level in ((22, "ok"), (20, "warning"), (6, "critical"), (-1, "critical")):
        check = one(bench, "certificate", around=around(days))
        assert (check.level, check.value) == (level, days)

    def refused() -> datetime:
        raise StoreMisconfigured("its certificate is refused")

    assert one(bench, "certificate", around=Around(certificate=refused)).level == "critical"


def test_a_server_that_never_answers_the_handshake_holds_nothing_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, go = threading.Event(), threading.Event()

    def handshake() -> datetime:
        hangs.set()
        go.wait(2 * PATIENCE)
        raise ssl.SSLError("too late")

    deadline_comes(monkeypatch, for_look="certificate", once=hangs)
    verdict = bench.look(around=Around(certificate=handshake))
    assert [check.name for check in verdict.wrong] == ["certificate"]
    go.set()
    end_of_looks()


# --- The database -------------------------------------------------------------------------------------------------------


def test_a_database_that_is_slow_is_told() -> None:
    levels = [systems.database(seconds, Thresholds()).level for seconds in (0.01, 1.5, 6.0)]
    assert levels == ["ok", "warning", "critical"]


def test_scripts_that_are_not_deployed_or_of_another_version_are_told() -> None:
    wanted = {"schema/001.sql": "a", "procedures/sp_A.sql": "b", "procedures/sp_B.sql": "c"}
    assert systems.schema(wanted, wanted).level == "ok"
    assert systems.schema({**wanted, "schema/001.sql": "x", "erp/rms/sp_C.sql": "y"}, wanted).level == "ok", "tables run once"
    changed = systems.schema({**wanted, "procedures/sp_A.sql": "older"}, wanted)
    assert (changed.level, changed.value) == ("warning", 1)
    assert changed.message == "1 scripts of this version are not deployed: procedures/sp_A.sql"
    assert systems.schema({"schema/001.sql": "a"}, wanted).level == "critical"
    assert systems.schema({}, {}).level == "ok", "an embedded database"


class Deployed(EmbeddedDatabase):
    """A database that says what a server would; and one question of it is refused."""

    refused = ""

    def run(self, call: Procedure[Any]) -> list[Any]:
        if call.name == self.refused:
            raise TransientError("Another process has held it for too long.", error_class="lock_timeout")
        return [DeployedScript("schema/001.sql", "a")] if isinstance(call, ListDeployedScripts) else super().run(call)


def test_what_is_deployed_is_compared_where_there_is_a_server(bench: Bench) -> None:
    def connect() -> Deployed:
        return Deployed(bench.path, clock=bench.clock)

    around = Around(scripts=lambda: {"schema/001.sql": "a", "procedures/sp_A.sql": "b"})
    assert {check.name: check.level for check in bench.look(connect, around=around).wrong} == {"schema": "critical"}


@pytest.mark.parametrize(
    ("refused", "name"),
    [("sp_ListStorePolls", "last_poll"), ("sp_ListJobRuns", "jobs"), ("sp_CountNotifications", "notifications")],
)
def test_a_question_that_is_refused_hides_no_other(bench: Bench, refused: str, name: str) -> None:
    class Refusing(Deployed):
        pass

    Refusing.refused = refused
    verdict = bench.look(lambda: Refusing(bench.path, clock=bench.clock))
    assert {check.name: check.level for check in verdict.wrong} == {name: "unknown"}
    assert len(verdict.checks) > 10


# --- Around -------------------------------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_is_told_before_it_is_full(tmp_path: Path, bench: Bench) -> None:
    def level(free_mb: int) -> tuple[str, float | None]:
        found = [systems.Disk("log files", tmp_path, free_mb * 1024 * 1024), systems.Disk("database", tmp_path, 2**40)]
        [check] = systems.disks(found, Thresholds())
        return check.level, check.value

    assert [level(mb) for mb in (2000, 1000, 100)] == [("ok", 2000), ("warning", 1000), ("critical", 100)]
    check = one(bench, "disk", around=Around(folders={"log files": tmp_path / "not" / "yet"}), disk_warning_mb=0)
    assert check.value is not None


def test_logs_that_cannot_be_written_are_told_for_the_jobs_go_on_without(tmp_path: Path, bench: Bench) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a file").write_text("")
    check = one(bench, "disk", around=Around(folders={"log files": folder / "a file"}), disk_warning_mb=0)
    assert (check.level, "the log files can't be written in" in check.message, "config check" in check.advice) == (
        "warning",
        True,
        True,
    )
    assert one(bench, "disk", around=Around(folders={"lock files": folder / "new"}), disk_warning_mb=0).level == "ok"
    assert [path.name for path in folder.iterdir()] == ["a file"], "nothing is left by the look"


def test_a_share_that_is_away_is_named_and_hides_no_other_disk(tmp_path: Path) -> None:
    share = Path("//nohost/share/logs")
    [check] = systems.disks(
        [systems.Disk("log files", share, None, "Path not found"), systems.Disk("database", tmp_path, 2**40)], Thresholds()
    )
    assert (check.level, check.value) == ("critical", 2**20)
    assert check.message.startswith(
        f"the log files can't be reached in {share}: Path not found; 1,048,576 MB free for the database"
    )
    [check] = systems.disks([systems.Disk("log files", share, None, "Path not found")], Thresholds())
    assert (check.level, check.value) == ("critical", None)


def test_messages_to_people_that_are_not_delivered_are_told(bench: Bench) -> None:
    told = {"event_type": "alert", "audience": "operator", "template": "alert", "data_json": "{}"}
    bench.database.run(QueueNotification(dedup_key="1", **told))
    settle(bench, 59)
    assert bench.levels() == {}
    settle(bench, 2)
    assert bench.levels() == {"notifications": "warning"}
    assert bench.said("notifications") == "1 messages to people wait, one due for 1 h 1 min (limit 60 min)"
    bench.database.query("UPDATE dbo.USER_NOTIFICATION SET STATE = 'FAILED', ENDED_DT = ?", (bench.clock.now,))
    assert bench.said("notifications") == "0 messages to people wait; 1 were given up in 24 hours"
    settle(bench, 24 * 60 + 1)
    assert bench.levels() == {}, "it is kept, and known by then"


def test_a_carrier_whose_calls_are_used_up_is_told_where_claims_wait_for_it(bench: Bench) -> None:
    used = 10

    def uses(_: object, claims: list[PodCount]) -> list[tuple[str, CarrierUse]]:
        assert [row.claims for row in claims] == [1]
        day = {"day_start_dt": bench.clock.now, "day_end_dt": bench.clock.now + timedelta(hours=5)}
        paused = {"paused_until_dt": bench.clock.now if used > 100 else None, "pause_reason": "429"}
        none = {"used_second": 0, "used_minute": 0, "unfinished": 0, "limit_minute": None, "limit_day": 100}
        return [("Chronopost", CarrierUse(carrier="chronopost", used_day=used, **none, **day, **paused))]

    around = Around(uses=uses)
    assert not [check for check in bench.look(around=around).checks if check.name == "carriers"], "nobody has claims"
    bench.database.run(AddClaim(claim_reference="1", carrier="Chronopost", tracking_number="1"))
    assert one(bench, "carriers", around=around).level == "ok"
    used = 90
    check = one(bench, "carriers", around=around)
    assert (check.level, check.value) == ("warning", 90)
    assert check.message == "Chronopost has used 90 of 100 calls, free again at 2026-11-20 17:00 UTC"
    used = 101
    assert one(bench, "carriers", around=around).message == "Chronopost asked for a pause until 2026-11-20 12:00 UTC"


# --- One check alone ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHECKS)
def test_each_check_can_be_made_alone(bench: Bench, name: str) -> None:
    verdict = bench.look(wanted={name})
    assert [check.name for check in verdict.checks] == [name]
    assert verdict.healthy


def test_a_check_alone_asks_nobody_else(bench: Bench) -> None:
    bench.store.requests.clear()
    bench.look(wanted={"pending"})
    assert bench.store.requests == []

    def connect() -> EmbeddedDatabase:
        raise AssertionError("nobody asked for the database")

    assert bench.look(connect, wanted={"keys", "store"}).healthy


def test_a_check_alone_that_could_not_be_made_is_unknown(bench: Bench) -> None:
    def gone() -> EmbeddedDatabase:
        raise TransientError("no connection")

    for name in ("pending", "proofs", "job_process"):
        verdict = bench.look(gone, wanted={name})
        assert (verdict.level, [check.name for check in verdict.checks]) == ("unknown", [name])


def test_a_check_is_named_as_people_write_it() -> None:
    assert [check_named(name) for name in ("last-poll", "LAST_POLL", "store version", "store_version")] == [
        *["last_poll"] * 2,
        *["store version"] * 2,
    ]
    with pytest.raises(UsageError, match="There is no check 'polls'; there are database, "):
        check_named("polls")


def test_every_figure_is_named_once(bench: Bench) -> None:
    figures = [figure.name for check in bench.look().checks for figure in check.figures]
    assert len(figures) == len(set(figures))
    assert isinstance(bench.clock, MovableClock)
