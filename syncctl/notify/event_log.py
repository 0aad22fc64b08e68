"""Messages to the Windows Event Log (Application, source `syncctl`)."""

from __future__ import annotations

import sys
from typing import Any

from syncctl.errors import ConfigError
from syncctl.foreign_text import without_controls
from syncctl.notify.channels import DeliveryFailed
from syncctl.notify.messages import Message

SOURCE = "syncctl"
_TYPES = {"critical": 1, "warning": 2}
"""EVENTLOG_ERROR_TYPE, EVENTLOG_WARNING_TYPE; else EVENTLOG_INFORMATION_TYPE."""
_INFORMATION = 4
_IDS = {"critical": 100, "warning": 101}
"""Numbers of events, for filters; what recovers and digests have 102."""
_LONGEST = 31_000
"""Characters: an event's text has 31,839 at most."""


class EventLogChannel:
    """The event log of this host. It needs no rights; without the source being registered the text stands behind a remark."""

    def send(self, message: Message, *, address: str | None = None) -> None:  # noqa: ARG002  (a log is no person)
        """See `channels.Channel.send`."""
        if sys.platform != "win32":
            raise ConfigError(
                "SYNCCTL_ALERT_EVENT_LOG is on, but this system has no Windows Event Log. Use SYNCCTL_ALERT_SYSLOG."
            )
        text = "\r\n".join(without_controls(line) for line in f"{message.title}\n\n{message.body}".split("\n"))
        _report(_TYPES.get(message.severity, _INFORMATION), _IDS.get(message.severity, 102), text[:_LONGEST])


def _report(kind: int, number: int, text: str) -> None:
    """Write one event.

    Raises:
        DeliveryFailed: Windows refused it.
    """
    import ctypes

    windows: Any = ctypes.WinDLL("advapi32", use_last_error=True)  # type: ignore[attr-defined]
    windows.RegisterEventSourceW.restype = ctypes.c_void_p
    windows.RegisterEventSourceW.argtypes = [ctypes.c_wchar_p, ctypes.c_wchar_p]
    handle = windows.RegisterEventSourceW(None, SOURCE)
    if not handle:
        raise DeliveryFailed(f"Not written to the event log: Windows error {ctypes.get_last_error()}.")  # type: ignore[attr-defined]
    try:
        texts = (ctypes.c_wchar_p * 1)(text)
        windows.ReportEventW.argtypes = [
            ctypes.c_void_p,
            ctypes.c_uint16,
            ctypes.c_uint16,
            ctypes.c_uint32,
            ctypes.c_void_p,
            ctypes.c_uint16,
            ctypes.c_uint32,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        if not windows.ReportEventW(handle, kind, 0, number, None, 1, 0, texts, None):
            raise DeliveryFailed(f"Not written to the event log: Windows error {ctypes.get_last_error()}.")  # type: ignore[attr-defined]
    finally:
        windows.DeregisterEventSource.argtypes = [ctypes.c_void_p]
        windows.DeregisterEventSource(handle)
