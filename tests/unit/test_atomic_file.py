"""A file that is replaced whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syncctl.atomic_file import write_whole


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_whole(path, "öld")
    write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no file"):
        write_whole(tmp_path, "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="NOT tested on Windows, because a named pipe is no file in a folder there")
def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no file"):
        write_whole(pipe, "x")
    assert not pipe.is_file()


@pytest.mark.skipif(os.name == "nt", reason="NOT tested on Windows, because making a link takes a right there")
def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old", encoding="utf-8")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    write_whole(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "real").read_text(encoding="utf-8") == "new"
