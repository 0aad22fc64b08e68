"""Things that go wrong between the shop and whoever asks it, on purpose."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any, Literal

MAINTENANCE_PAGE = (
    "<!DOCTYPE html><html><head><title>Briefly unavailable for scheduled maintenance</title></head>"
    "<body><p>Briefly unavailable for scheduled maintenance. Check back in a minute.</p></body></html>"
)
PHP_WARNING = "<br />\n<b>Warning</b>:  Undefined array key [0] in <b>/var/www/html/plugin.php</b> on line <b>12</b><br />\n"

FaultKind = Literal["status", "timeout", "html", "truncated", "cut_off", "lost_answer", "php_warning", "bom", "redirect", "slow"]
"""What a fault does:

- `status`: answer with `status` (503, 429 …), `body` and, where given, Retry-After, instead of doing anything
- `timeout`: wait `seconds`, then hang up without an answer; nothing was done
- `html`: a proxy's or maintenance page, with HTTP 200
- `truncated`: half the body, then hang up; `cut_off`: half the body, and pretend that this was all
- `lost_answer`: do what was asked, then hang up
- `php_warning`, `bom`: put something in front of the JSON
- `redirect`: send on to https
- `slow`: wait `seconds`, then answer
"""


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault that hits the next `times` requests that match."""

    kind: FaultKind
    times: int = 1
    methods: tuple[str, ...] = ("GET", "POST", "PUT", "DELETE")
    path: str = ""
    """A regular expression that the path has to contain, such as `/orders/12/notes`."""
    status: int = 503
    retry_after: str | None = None
    body: Any = MAINTENANCE_PAGE
    """What `status` answers with: a page, or an object, which goes out as JSON."""
    seconds: float = 0.0

    def matches(self, method: str, path: str) -> bool:
        """True where this request is to be hit."""
        return self.times > 0 and method in self.methods and re.search(self.path, path) is not None


@dataclass(slots=True)
class Faults:
    """The faults that wait for their request, first come first served."""

    waiting: list[Fault] = field(default_factory=list)
    happened: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault, *, first: bool = False) -> None:
        """Line up a fault, behind the others or before them."""
        with self._lock:
            self.waiting.insert(0 if first else len(self.waiting), fault)

    def clear(self) -> None:
        """Let everything go well from here on."""
        with self._lock:
            self.waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits this request, if any, and count it off."""
        with self._lock:
            for fault in self.waiting:
                if fault.matches(method, path):
                    fault.times -= 1
                    self.happened += 1
                    return fault
        return None
