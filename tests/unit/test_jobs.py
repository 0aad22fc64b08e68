"""The table of jobs: of commands that exist, with the intervals of the schedules."""

from __future__ import annotations

import pytest

from syncctl.jobs import BY_NAME, JOBS, ScheduledJob
from tests.unit.test_schedules import assert_command_exists


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_job_runs_a_command_that_exists(job: ScheduledJob):
    assert_command_exists(list(job.arguments))


def test_no_job_is_there_twice():
    assert len(BY_NAME) == len(JOBS)
