"""Every command and option is described, and the written reference is the program's own help."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.cli_reference import Parameter, commands, pages
from syncctl.cli.app import run_app
from syncctl.setting_kinds import data_folder
from syncctl.settings import BY_NAME, TABLE

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {name: (text, parameters) for name, text, parameters in commands()}


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_the_reference_is_up_to_date(path: Path):
    assert path.read_text(encoding="utf-8") == pages()[path], "run: python scripts/cli_reference.py"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_the_reference_tells_of_no_account(path: Path):
    assert str(data_folder()) not in pages()[path], "it would be another page on every host"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_described_with_every_option(name: str):
    text, parameters = COMMANDS[name]
    assert text.split("\n")[0].endswith((".", ":")), text
    for parameter in parameters:
        assert len(parameter.help) > 5, (name, parameter.names)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_common_options(name: str):
    names = {each for parameter in COMMANDS[name][1] if parameter.common for each in parameter.names}
    assert names == {"--database", "--profile", "--env-file", "--json", "--quiet", "-q", "--verbose", "-v", "--no-color"}


@pytest.mark.parametrize("name", ["syncctl", *COMMANDS, "syncctl dead-letter", "syncctl config policy"])
def test_help_names_no_python_types(name: str, capsys: pytest.CaptureFixture[str]):
    assert run_app([*name.split()[1:], "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Usage" in shown
    assert not re.search(r"<(bool|int|str|list|float|path)|\bIDS\b", shown)


def settings_options() -> list[Parameter]:
    return [parameter for _, parameters in COMMANDS.values() for parameter in parameters if "(SYNCCTL_" in parameter.help]


def test_an_option_that_stands_for_a_setting_names_a_variable_that_exists():
    variables = {entry.variable for entry in TABLE} | {"SYNCCTL_ENV_FILE"}
    for parameter in settings_options():
        assert set(re.findall(r"SYNCCTL_[A-Z_]+", parameter.help)) <= variables, parameter.names


def test_documents_name_no_setting_that_does_not_exist():
    known = {entry.variable for entry in TABLE} | {"SYNCCTL_ENV_FILE", "SYNCCTL_TEST_DATABASE"}
    for path in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("schedules/**/*.md")]:
        named = set(re.findall(r"\bSYNCCTL_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
        assert named <= known, (path.name, named - known)


def test_the_readme_names_every_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert name.split()[1] in readme, name


def test_documents_name_no_option_that_does_not_exist():
    options = {name: {each for parameter in parameters for each in parameter.names} for name, (_, parameters) in COMMANDS.items()}
    for path in [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("schedules/**/*.md")]:
        for words in re.findall(r"`(syncctl [^`]+)`", path.read_text(encoding="utf-8")):
            name = max((name for name in options if f"{words} ".startswith(f"{name} ")), key=len, default=None)
            if name:
                used = set(re.findall(r"(?<= )--?[a-z][a-z-]*", words))
                assert used <= options[name] | {"--help"}, (path.name, words)


def test_settings_have_names_that_differ_from_common_options():
    assert not {"json", "quiet", "verbose", "no_color", "env_file"} & set(BY_NAME)


def test_documents_that_others_send_people_to_are_there():
    places = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("schedules/**/*.md"), *ROOT.glob("sql/**/*.md")]
    for path in [*places, *ROOT.glob("sql/**/*.sql")]:
        text = path.read_text(encoding="utf-8")
        named = [ROOT / name for name in re.findall(r"(?<![\w./])(?:docs|sql/ops)/\w+\.(?:md|sql)", text)]
        linked = [path.parent / name for name in re.findall(r"\]\(([\w./-]+\.(?:md|sql))", text)]
        assert not [name for name in [*named, *linked] if not name.is_file()], path
