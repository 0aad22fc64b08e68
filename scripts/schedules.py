"""Write the examples in schedules/ from the table of jobs, for a folder that most people have: python scripts/schedules.py."""

from __future__ import annotations

from pathlib import Path

from syncctl.jobs import JOBS
from syncctl.schedulers.base import Place
from syncctl.schedulers.cron import Cron
from syncctl.schedulers.kubernetes import Kubernetes
from syncctl.schedulers.systemd import Systemd
from syncctl.schedulers.task_scheduler import TaskScheduler

FOLDER = Path(__file__).resolve().parents[1] / "schedules"
UNIX = Place("/srv/syncctl", "/srv/syncctl/.venv/bin/python")
WINDOWS = Place(r"C:\syncctl", r"C:\syncctl\.venv\Scripts\python.exe", account=r"DOMAIN\svc-syncctl")


def examples() -> dict[str, str]:
    """Return the text of each file, by its path in schedules/."""
    files = {"crontab.example": Cron().pieces(UNIX, JOBS)[0].text}
    files |= {f"systemd/{piece.name}": piece.text for piece in Systemd(folder=Path("/"), system=False).pieces(UNIX, JOBS)}
    files |= {f"task-scheduler/{piece.name}": piece.text for piece in TaskScheduler().pieces(WINDOWS, JOBS)}
    return files | {f"kubernetes/{piece.name}": piece.text for piece in Kubernetes().pieces(UNIX, JOBS)}


def main() -> None:
    """Write the files, and take away those of jobs that there are no more."""
    wanted = examples()
    for kind in ("systemd", "task-scheduler", "kubernetes"):
        for path in (FOLDER / kind).glob("*"):
            if path.suffix != ".cmd" and f"{kind}/{path.name}" not in wanted:
                path.unlink()
    for name, text in wanted.items():
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(wanted)} files in {FOLDER}")


if __name__ == "__main__":
    main()
