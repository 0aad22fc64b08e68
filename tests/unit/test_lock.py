"""One job at a time on a host, and a lock that dies with its holder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from syncctl.errors import AlreadyRunning, ConfigError
from syncctl.lock import lock_path, only_once

HOLD = """
import sys, time
from pathlib import Path
from syncctl.lock import only_once
with only_once(Path(sys.argv[1]), "process", scope="db"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_of_a_kind_is_refused_and_the_lock_is_free_again_afterwards(tmp_path: Path):
    with only_once(tmp_path, "process", scope="db"):
        with pytest.raises(AlreadyRunning, match="process is already running here"), only_once(tmp_path, "process", scope="db"):
            pytest.fail("two hold the lock")
        with only_once(tmp_path, "stage", scope="db"), only_once(tmp_path, "process", scope="another db"):
            pass
    with only_once(tmp_path, "process", scope="db"):
        pass


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=rf"\(process {holder.pid}\)"), only_once(tmp_path, "process", scope="db"):
            pytest.fail("two hold the lock")
        holder.kill()
        holder.wait()
    with only_once(tmp_path, "process", scope="db"):
        pass


def test_a_folder_that_cannot_be_made_is_a_wrong_setting(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="SYNCCTL_LOCK_DIR"), only_once(tmp_path / "file" / "locks", "process"):
        pytest.fail("no lock was made")


def test_a_lock_file_of_somebody_else_is_to_be_deleted(tmp_path: Path):
    lock_path(tmp_path, "process", "db").mkdir()
    with (
        pytest.raises(ConfigError, match=r"is there and can't be opened: .* delete the file"),
        only_once(tmp_path, "process", scope="db"),
    ):
        pytest.fail("a folder was locked")


def test_a_lock_file_bears_the_jobs_name(tmp_path: Path):
    assert lock_path(tmp_path, "retry-failed", "x").name.startswith("retry-failed-")
    assert lock_path(tmp_path, "a/../b", "x").parent == tmp_path
