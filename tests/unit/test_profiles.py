"""Profiles: settings of several stores beside each other, found by name, and none taken for another's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syncctl.env_file import write_setting
from syncctl.errors import ConfigError, SyncError, UsageError
from syncctl.profiles import list_profiles, profile_of, require_chosen, require_own_store
from syncctl.secret import Secret
from syncctl.settings import BY_NAME, Settings
from syncctl.settings_files import profile_names, profile_path, read_profile
from syncctl.settings_load import load, surroundings

WOO = "SYNCCTL_WOO_URL=https://{0}.example\nSYNCCTL_WOO_CONSUMER_KEY=ck_{0}\nSYNCCTL_WOO_CONSUMER_SECRET=cs_{0}\n"
SHOPIFY = "SYNCCTL_SOURCE=shopify\nSYNCCTL_SHOPIFY_URL={0}.myshopify.com\nSYNCCTL_SHOPIFY_TOKEN=shpat_{0}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to start in, with no settings in the environment."""
    for name in [name for name in os.environ if name.startswith("SYNCCTL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, name: str, *lines: str, store: str = "") -> Path:
    """Write a settings file; with `store` also the id."""
    path = folder / name
    path.write_text("".join(lines) + (f"SYNCCTL_STORE_ID={store}\n" if store else ""), encoding="utf-8")
    return path


def two_stores(folder: Path) -> None:
    """A WooCommerce and a Shopify store on one database."""
    write(folder, ".env", "SYNCCTL_DATABASE=sqlite:///shop.db\nSYNCCTL_LOG_DAYS=9\nSYNCCTL_MAX_RETRIES=4\n")
    write(folder, ".env.main", WOO.format("main"), "SYNCCTL_LOG_DAYS=8\n", store="main")
    write(folder, ".env.us", SHOPIFY.format("us"), "SYNCCTL_GUEST_CUST_NO=WEB-US\n", store="us")


def test_a_profile_counts_before_env_and_the_environment_and_flags_before_both(folder: Path):
    two_stores(folder)
    environment = {"SYNCCTL_PROFILE": "main", "SYNCCTL_MAX_RETRIES": "5", "SYNCCTL_LEASE_SECONDS": "77"}
    settings = load({"lease_seconds": "60"}, environment=environment)
    assert (settings.log_days, settings.max_retries, settings.lease_seconds) == (8, 5, 60)
    assert settings.database == "sqlite:///shop.db"
    names = ("log_days", "max_retries", "lease_seconds", "database", "breaker_threshold")
    assert [settings.origin(name) for name in names] == ["profile", "environment", "flag", ".env", "default"]
    assert (settings.where("log_days"), settings.where("database")) == (".env.main", ".env")
    assert (settings.profile, settings.store_id, settings.woo_consumer_key) == ("main", "main", Secret("ck_main"))
    assert load({"profile": "us"}, environment=environment).store_url == "us.myshopify.com"
    assert load(environment={}).profile is None


def test_a_profile_may_be_chosen_in_env_and_not_in_its_own_file(folder: Path):
    two_stores(folder)
    write(folder, ".env", "SYNCCTL_PROFILE=us\n")
    write(folder, ".env.us", SHOPIFY.format("us"), "SYNCCTL_PROFILE=main\n", store="us")
    assert load(environment={}).profile == "us"
    assert load(environment={"SYNCCTL_PROFILE": "main"}).profile == "main"
    assert [profile.name for profile in list_profiles(None, {})] == ["main", "us"]


def test_profiles_lie_beside_whatever_file_is_named(folder: Path):
    (folder / "conf").mkdir()
    named = write(folder, "conf/shops.env", "SYNCCTL_LOG_DAYS=3\n")
    write(folder, "conf/shops.env.two", WOO.format("two"), store="two")
    settings = load({"profile": "two"}, environment={}, env_file=named)
    assert (settings.store_id, settings.log_days) == ("two", 3)
    assert load({"profile": "two"}, environment={"SYNCCTL_ENV_FILE": str(named)}).store_id == "two"


def test_a_name_in_other_capitals_is_the_same_profile_on_every_system(folder: Path):
    two_stores(folder)
    assert load({"profile": "MAIN"}, environment={}).profile == "main"
    assert profile_path(Path(".env"), "Us").name == ".env.us"
    if os.path.normcase("A") == "A":
        write(folder, ".env.Main", WOO.format("other"), store="other")
        with pytest.raises(ConfigError, match=r"\.env\.Main and \.env\.main .* differ in capitals alone"):
            load({"profile": "main"}, environment={})


@pytest.mark.parametrize(
    "name",
    ["../x", "..", ".", "a/b", "a\\b", "C:x", "shop 2", "büro", "-x", "_x", "a.b", "x" * 31, "x\n", "a\tb", "%PATH%", "a'b", "~"],
)
def test_what_is_no_name_is_refused_before_any_file_is_looked_for(folder: Path, name: str):
    (folder.parent / "x").write_text("SYNCCTL_STORE_ID=stolen\n", encoding="utf-8")
    for flags, environment in (({"profile": name}, {}), ({}, {"SYNCCTL_PROFILE": name})):
        if name.strip() == "x":
            continue  # blanks around a value are no part of it, in any setting
        with pytest.raises(ConfigError, match="SYNCCTL_PROFILE") as raised:
            load(flags, environment=environment)
        assert raised.value.exit_code == 78
        assert len(str(raised.value)) < 300


@pytest.mark.parametrize(("name", "said"), [("example", "copy or a pattern"), ("BAK", "copy or a pattern"), ("con", "Windows")])
def test_names_with_another_meaning_are_no_profiles(folder: Path, name: str, said: str):
    write(folder, f".env.{name}", WOO.format("x"), store="x")
    with pytest.raises(ConfigError, match=said):
        load({"profile": name}, environment={})
    assert profile_names(Path(".env")) == ([name] if name == "con" else [])


def test_a_misspelt_profile_names_the_nearest_and_all(folder: Path):
    two_stores(folder)
    with pytest.raises(ConfigError, match=r"no profile mian: no file .*\.env\.mian\. Did you mean main\? There are main, us\."):
        load({"profile": "mian"}, environment={})
    (folder / ".env.folder").mkdir()
    with pytest.raises(ConfigError, match="is no file"):
        load({"profile": "folder"}, environment={})
    (folder / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"There are no profiles there\. Is this the folder of the \.env that you mean\?"):
        read_profile(Path("empty") / ".env", "main")


def test_a_byte_order_mark_and_windows_line_ends_are_taken(folder: Path):
    text = WOO.format("win") + "SYNCCTL_STORE_ID=win\nSYNCCTL_WOO_CREATE_STATUSES=processing\n"
    (folder / ".env.win").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    settings = load({"profile": "win"}, environment={})
    assert (settings.store_id, settings.woo_url, settings.unknown) == ("win", "https://win.example", ())
    write_setting(folder / ".env.win", BY_NAME["woo_url"], "https://new.example")
    assert load({"profile": "win"}, environment={}).woo_url == "https://new.example"
    written = (folder / ".env.win").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")
    assert written.count(b"SYNCCTL_WOO_URL") == written.count(b"\xef\xbb\xbf") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("SYNCCTL_STORE_ID=x\n".encode("utf-16"), "UTF-16"),
        (b"SYNCCTL_STORE_ID=\xe9\n", "UTF-8"),
        (b"#" * 1_100_000, "megabyte"),
    ],
)
def test_a_profile_that_is_no_text_is_refused_with_its_file(folder: Path, content: bytes, said: str):
    (folder / ".env.bad").write_bytes(content)
    with pytest.raises(ConfigError, match=said) as raised:
        load({"profile": "bad"}, environment={})
    assert ".env.bad" in str(raised.value)


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0,
    reason="NOT tested here, because whoever runs this may read every file (root, or Windows)",
)
def test_a_profile_that_may_not_be_read_is_refused(folder: Path):
    write(folder, ".env.closed", "", store="x").chmod(0)
    with pytest.raises(ConfigError, match="can't be read"):
        load({"profile": "closed"}, environment={})


def test_a_wrong_value_names_the_profiles_file(folder: Path):
    write(folder, ".env.bad", "SYNCCTL_LEASE_SECONDS=soon\nnonsense here\n", store="bad")
    with pytest.raises(ConfigError, match=r"SYNCCTL_LEASE_SECONDS \(from \.env\.bad\) is 'soon'"):
        load({"profile": "bad"}, environment={})
    write(folder, ".env.bad", "nonsense here\nSYNCCTL_LAESE=1\n", store="bad")
    slips = load({"profile": "bad"}, environment={}).unknown
    assert ["line 1" in slips[0], "SYNCCTL_LAESE" in slips[1]] == [True, True]


def test_a_profile_with_a_store_of_its_own_takes_no_other_stores_name_or_keys(folder: Path):
    write(folder, ".env", WOO.format("main"), store="main")
    write(folder, ".env.two", "SYNCCTL_WOO_URL=https://two.example\nSYNCCTL_WOO_CONSUMER_KEY=ck_two\n")
    with pytest.raises(ConfigError) as raised:
        load({"profile": "two"}, environment={})
    said = str(raised.value)
    assert "SYNCCTL_STORE_ID" in said
    assert "SYNCCTL_WOO_CONSUMER_SECRET" in said
    assert "SYNCCTL_WOO_CONSUMER_KEY" not in said
    write(folder, ".env.trial", "SYNCCTL_DATABASE=sqlite:///trial.db\n")
    assert load({"profile": "trial"}, environment={}).store_id == "main"


def test_a_stores_name_is_not_lent_to_a_store_of_another_kind(folder: Path):
    write(folder, ".env", WOO.format("main"), SHOPIFY.format("us").replace("SYNCCTL_SOURCE=shopify\n", ""), store="main")
    for flags, environment in (({"source": "shopify"}, {}), ({}, {"SYNCCTL_SOURCE": "shopify"})):
        with pytest.raises(SyncError, match=r"SYNCCTL_STORE_ID is main \(from \.env\), the name of a store of woocommerce"):
            load(flags, environment=environment)
    write(folder, ".env.us", "SYNCCTL_SOURCE=shopify\n", store="us")
    assert load({"profile": "us"}, environment={}).store_url == "us.myshopify.com"


def test_the_kind_of_store_chooses_its_only_profile(folder: Path):
    two_stores(folder)
    assert load({"source": "shopify"}, environment={}).profile == "us"
    assert load({"source": "woocommerce"}, environment={}).profile == "main"
    with pytest.raises(UsageError, match="the profile main is a store of woocommerce"):
        load({"source": "shopify", "profile": "main"}, environment={})
    write(folder, ".env.uk", SHOPIFY.format("uk"), store="uk")
    with pytest.raises(UsageError, match=r"--source shopify may be uk, us: say which with --profile"):
        load({"source": "shopify"}, environment={})
    write(folder, ".env", SHOPIFY.format("base").replace("SYNCCTL_SOURCE=shopify\n", ""))
    assert load({"source": "shopify"}, environment={}).profile is None


def own_store(name: str | None) -> None:
    """Load a profile and look whether its store is its own."""
    settings = load({"profile": name}, environment=dict(os.environ))
    require_own_store(settings, None)


def test_two_profiles_with_one_stores_name_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch):
    two_stores(folder)
    for name in ("main", "us", None):
        own_store(name)
    write(folder, ".env.us", SHOPIFY.format("us"), store="MAIN")
    for name in ("main", "us"):
        with pytest.raises(ConfigError, match=r"\.env\.main and \.env\.us have the same SYNCCTL_STORE_ID"):
            own_store(name)
    own_store(None)  # `.env` has no store of its own
    write(folder, ".env.us", SHOPIFY.format("us"), "SYNCCTL_DATABASE=sqlite:///other.db\n", store="main")
    own_store("us")
    two_stores(folder)
    monkeypatch.setenv("SYNCCTL_STORE_ID", "same")
    with pytest.raises(ConfigError, match="The environment sets SYNCCTL_STORE_ID for all: take it out"):
        own_store("main")


def test_one_store_under_two_names_is_refused(folder: Path):
    two_stores(folder)
    write(folder, ".env.again", WOO.format("main").replace("https://main.example", "http://MAIN.example/"), store="again")
    with pytest.raises(ConfigError, match=r"\.env\.again and \.env\.main both poll .* ERP twice"):
        own_store("main")
    for same in ("https://www.main.example", "https://main.example:443", "http://main.example:80/"):
        write(folder, ".env.again", WOO.format("main").replace("https://main.example", same), store="again")
        with pytest.raises(ConfigError, match="ERP twice"):
            own_store("main")
    (folder / ".env.again").write_bytes(b"\xff\xfe")  # one that can't be read holds up nobody else
    own_store("main")


def test_env_alone_is_a_store_like_the_others_where_it_has_one(folder: Path):
    write(folder, ".env", WOO.format("main"), store="main")
    write(folder, ".env.us", SHOPIFY.format("us"), store="us")
    own_store(None)
    assert [(each.name, each.has_store) for each in list_profiles(None)] == [("", True), ("us", True)]
    assert [profile_of(store, None) for store in ("main", "us", "none")] == ["", "us", None]
    write(folder, ".env.us", SHOPIFY.format("us"), store="main")
    for name in (None, "us"):
        with pytest.raises(ConfigError, match=r"\.env and \.env\.us have the same"):
            own_store(name)


def test_a_run_for_no_store_is_refused_where_there_are_profiles(folder: Path):
    two_stores(folder)
    with pytest.raises(ConfigError, match=r"No store is chosen: \.env sets none, and there are the profiles main, us\."):
        require_chosen(load(environment={}))
    require_chosen(load({"profile": "us"}, environment={}))
    require_chosen(Settings())
    with pytest.raises(ConfigError, match="Or choose a store with --profile: main, us"):
        load(environment={}).need("woo_url")
    with pytest.raises(ConfigError, match=r"in \.env\.us \(`syncctl --profile us config set`\)"):
        load({"profile": "us"}, environment={}).need("guest_cust_no", "woo_url")


def test_carriers_keys_of_a_profile_are_found(folder: Path):
    write(folder, ".env", "ACME_KEY=shared\nOTHER=1\n")
    write(folder, ".env.us", "ACME_KEY=us\n", store="us")
    found = surroundings(None, "us")
    assert (found["ACME_KEY"], found["OTHER"], surroundings(None)["ACME_KEY"]) == ("us", "1", "shared")


def test_for_writing_the_files_need_not_be_right_yet(folder: Path):
    write(folder, ".env", "SYNCCTL_LOG_DAYS=many\nSYNCCTL_UNKNOWN_CUSTOMER=guest\n")
    write(folder, ".env.us", SHOPIFY.format("us"))
    settings = load({"profile": "us"}, environment={}, writing=True)
    assert (settings.profile, settings.log_days, settings.shopify_url) == ("us", Settings().log_days, "us.myshopify.com")
    assert load({"profile": "new"}, environment={}, writing=True).profile == "new"
    with pytest.raises(SyncError, match=r"LOG_DAYS .* SYNCCTL_GUEST_CUST_NO"):
        load({"profile": "us"}, environment={})
    with pytest.raises(UsageError, match="--days"):
        load({"log_days": "many"}, environment={}, option_names={"log_days": "--days"}, writing=True)
