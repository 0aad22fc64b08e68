"""What Microsoft's schema of tasks asks of the elements that ours have: which may stand where, how often, and in which order.

Read from the reference of the schema's complex types (Task Scheduler Schema: taskType, registrationInfoType, triggerBaseType,
timeTriggerType, calendarTriggerType, dailyScheduleType, repetitionType, settingsType, principalType, actionsType, execType),
which the Windows documentation publishes; the words are ours, since the schema's own text may not be passed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
BOOLEAN = r"true|false"
DURATION = r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?"
TEXT = r"(?s).+"


@dataclass(frozen=True)
class Shape:
    """An element's children. `in_order`: as they stand here; `needed` must be there."""

    children: dict[str, Shape | str]
    in_order: bool = False
    needed: frozenset[str] = frozenset()


BASE: dict[str, Shape | str] = {
    "Enabled": BOOLEAN,
    "StartBoundary": MOMENT,
    "EndBoundary": MOMENT,
    "Repetition": Shape(
        {"Interval": DURATION, "Duration": DURATION, "StopAtDurationEnd": BOOLEAN}, needed=frozenset({"Interval"})
    ),
    "ExecutionTimeLimit": DURATION,
}
"""triggerBaseType, a sequence; what a kind of trigger adds stands behind it."""
TASK = Shape(
    {
        "RegistrationInfo": Shape(
            dict.fromkeys(
                ("URI", "SecurityDescriptor", "Source", "Date", "Author", "Version", "Description", "Documentation"), TEXT
            )
        ),
        "Triggers": Shape(
            {
                "TimeTrigger": Shape({**BASE, "RandomDelay": DURATION}, in_order=True, needed=frozenset({"RandomDelay"})),
                "CalendarTrigger": Shape(
                    {**BASE, "RandomDelay": DURATION, "ScheduleByDay": Shape({"DaysInterval": r"[1-9]\d{0,2}"})},
                    in_order=True,
                    needed=frozenset({"ScheduleByDay"}),
                ),
            }
        ),
        "Settings": Shape(
            {
                "MultipleInstancesPolicy": "Parallel|Queue|IgnoreNew|StopExisting",
                "ExecutionTimeLimit": DURATION,
                "Priority": "[0-9]|10",
                **dict.fromkeys(
                    [
                        "AllowStartOnDemand",
                        "DisallowStartIfOnBatteries",
                        "StopIfGoingOnBatteries",
                        "AllowHardTerminate",
                        "StartWhenAvailable",
                        "RunOnlyIfNetworkAvailable",
                        "WakeToRun",
                        "Enabled",
                        "Hidden",
                        "RunOnlyIfIdle",
                    ],
                    BOOLEAN,
                ),
            }
        ),
        "Principals": Shape(
            {
                "Principal": Shape(
                    {
                        "UserId": TEXT,
                        "LogonType": "S4U|Password|InteractiveToken|InteractiveTokenOrPassword",
                        "GroupId": TEXT,
                        "DisplayName": TEXT,
                        "RunLevel": "LeastPrivilege|HighestAvailable",
                    }
                )
            }
        ),
        "Actions": Shape(
            {"Exec": Shape({"Command": TEXT, "Arguments": TEXT, "WorkingDirectory": TEXT}, needed=frozenset({"Command"}))}
        ),
    },
    needed=frozenset({"Actions"}),
)


def faults(text: str) -> list[str]:
    """Return what the schema would refuse of a task's XML."""
    root = ElementTree.fromstring(text)
    if root.tag != f"{NAMESPACE}Task":
        return [f"the root is {root.tag}"]
    wrong = [] if root.get("version") in ("1.1", "1.2", "1.3") else [f"version {root.get('version')}"]
    return wrong + list(_faults(root, TASK, "Task"))


def _faults(element: ElementTree.Element, shape: Shape | str, path: str) -> Iterator[str]:
    if isinstance(shape, str):
        if len(element) or not re.fullmatch(shape, element.text or ""):
            yield f"{path} is {element.text!r}"
        return
    names = [child.tag.removeprefix(NAMESPACE) for child in element]
    order = list(shape.children)
    yield from (f"{path} has no {name}" for name in shape.needed - set(names))
    yield from (f"{path} has {name} twice" for name in set(names) if names.count(name) > 1)
    known = [name for name in names if name in order]
    if shape.in_order and known != sorted(known, key=order.index):
        yield f"{path} has its elements in the order {known}"
    for child, name in zip(element, names, strict=True):
        if name not in shape.children:
            yield f"{path} knows no {name}"
        else:
            yield from _faults(child, shape.children[name], f"{path}/{name}")
