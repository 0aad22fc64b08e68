"""One database has one name, however it is written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syncctl.db.connect import embedded_path, identity
from syncctl.errors import ConfigError

SERVER = "SERVER=sql01;DATABASE=SHOP"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in the present folder, which is the home folder too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "shop.db").touch()
    return tmp_path / "shop.db"


@pytest.mark.parametrize("way", ["shop.db", "./shop.db", "folder/../shop.db", "~/shop.db"])
def test_every_way_to_a_file_is_one_database(file: Path, way: str):
    assert identity(f"sqlite:///{way}") == identity(f"sqlite:///{file}") == identity(f"SQLITE:///{file}")


@pytest.mark.skipif(os.name == "nt", reason="NOT tested on Windows, because making a link takes a right there")
def test_links_lead_to_the_file(file: Path):
    (file.parent / "link.db").symlink_to(file)
    (file.parent / "here").symlink_to(file.parent)
    assert identity("sqlite:///link.db") == identity("sqlite:///here/shop.db") == identity("sqlite:///shop.db")


@pytest.mark.skipif(os.name != "nt", reason="NOT tested here, because case counts in the names of files outside Windows")
def test_case_is_nothing_on_windows(file: Path):
    assert identity("sqlite:///SHOP.DB") == identity("sqlite:///shop.db")


def test_a_file_that_is_not_there_yet_has_its_name_already(file: Path):
    assert identity("sqlite:///new.db") == identity(f"sqlite:///{file.parent / 'new.db'}") != identity("sqlite:///shop.db")


@pytest.mark.parametrize(
    "other",
    [
        "server=SQL01; database = shop",
        "DATABASE=shop;SERVER=tcp:sql01,1433",
        "Driver={ODBC Driver 18 for SQL Server};Server=sql01;Database=SHOP;UID=sa;PWD=geheim;Encrypt=no",
        "ADDRESS=sql01;DATABASE={SHOP};Trusted_Connection=yes",
        "DRIVER={FreeTDS};SERVER=sql01;PORT=1433;DATABASE=SHOP;UID=other;PWD={ge;heim}",
    ],
)
def test_every_connection_string_to_a_database_is_one(other: str):
    assert identity(other) == identity(SERVER)
    assert "geheim" not in identity(other)
    assert "ge;heim" not in identity(other)


@pytest.mark.parametrize(
    "other",
    ["SERVER=sql02;DATABASE=SHOP", "SERVER=sql01;DATABASE=SHOP2", "SERVER=sql01,1434;DATABASE=SHOP", "DSN=sql01;DATABASE=SHOP"],
)
def test_another_database_is_another(other: str):
    assert identity(other) != identity(SERVER)


def test_this_host_has_many_names():
    names = [
        identity(f"SERVER={host};DATABASE=SHOP") for host in (".", "(local)", "localhost", "127.0.0.1", "tcp:localhost,1433")
    ]
    assert len(set(names)) == 1


@pytest.mark.skipif(os.name == "nt", reason="NOT tested on Windows, because a user's folder is guessed there beside one's own")
def test_a_folder_of_nobody_is_a_wrong_setting():
    with pytest.raises(ConfigError, match="no such user folder"):
        embedded_path("sqlite:///~nobody-of-that-name/shop.db")
