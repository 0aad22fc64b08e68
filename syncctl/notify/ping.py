"""A sign of life of each job to a service that alarms when none comes (healthchecks.io's convention: /start, nothing, /fail).

It never delays a job by more than the time-out at its end, and never fails one: whoever watches from outside notices by itself.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from syncctl.errors import EXIT_OK, EXIT_SIGINT, EXIT_SIGTERM, EXIT_SOME_FAILED
from syncctl.secret import Secret

log = logging.getLogger(__name__)

DONE = (EXIT_OK, EXIT_SOME_FAILED, EXIT_SIGINT, EXIT_SIGTERM)
"""A job that ended so did its work, though orders may have failed, or was stopped by somebody: both are told in other ways."""
_LARGEST = 65_536


def url_for(setting: Secret, job: str) -> str | None:
    """Return where a job's pings go: `URL` with `{job}` in it is for all jobs, `JOB=URL` for one; None where none is for it."""
    for part in setting.reveal().split():
        name, equals, url = part.partition("=")
        if equals and "://" not in name:
            if name == job:
                return url
        elif "{job}" in part:
            return part.replace("{job}", job)
    return None


def wrong(setting: Secret) -> str | None:
    """Say what is wrong with the setting, without showing it; None where it makes sense."""
    for number, part in enumerate(setting.reveal().split(), start=1):
        name, equals, rest = part.partition("=")
        named = bool(equals) and "://" not in name
        url = rest if named else part
        try:
            parts = urlsplit(url)
            whole = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            whole = False
        if not whole or not (named or "{job}" in part):
            return f"part {number} of SYNCCTL_PING_URL is no address; write https://hc-ping.com/KEY/{{job}}, or JOB=https://…"
        if named:
            from syncctl.jobs import BY_NAME

            if name not in BY_NAME:
                return f"part {number} of SYNCCTL_PING_URL names no job: jobs are {', '.join(BY_NAME)}"
    return None


@dataclass(slots=True)
class Ping:
    """The pings of one run. None of them is waited for while the job works."""

    url: str = field(repr=False)
    seconds: float = 3
    _under_way: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Say that the job has begun."""
        self._send("/start", "")

    def end(self, exit_code: int) -> None:
        """Say how it ended, and wait for that to be said, though not for long."""
        for thread in self._under_way:
            thread.join(self.seconds)  # in order: a start that comes in after its end would open a run
        self._send("" if exit_code in DONE else "/fail", f"exit code {exit_code}")
        for thread in self._under_way:
            thread.join(self.seconds)

    def _send(self, what: str, text: str) -> None:
        thread = threading.Thread(target=self._ask, args=(what, text), name="syncctl-ping", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no thread more for this process
            log.info("The ping was not sent.")
        else:
            self._under_way = [thread]

    def _ask(self, what: str, text: str) -> None:
        try:
            from syncctl.http_answer import Bounds, HttpSession, ask

            parts = urlsplit(self.url)
            url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + what))
            with HttpSession() as session:
                bounds = Bounds(largest=_LARGEST, seconds=self.seconds)
                answer = ask(session, "POST", url, bounds=bounds, data=text.encode(), timeout=(self.seconds, self.seconds))
            if answer.status >= 300:
                log.info("The ping was answered with %d.", answer.status)
        except Exception as error:
            # The text of such an error has the address in it, and the address a key.
            log.info("The ping did not arrive: %s.", type(error).__name__)
