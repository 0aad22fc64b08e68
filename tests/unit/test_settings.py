"""Settings: where a value comes from, what is refused, and that secrets stay secret."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from syncctl.env_file import write_setting
from syncctl.errors import ConfigError, UsageError
from syncctl.secret import HIDDEN, Secret, passwords_in, without_password
from syncctl.settings import BY_NAME, TABLE, Settings, find
from syncctl.settings_files import env_path, read_file
from syncctl.settings_load import load


def test_flag_counts_before_environment_before_env_file_before_default(tmp_path: Path):
    env_file = tmp_path / "shop.env"
    env_file.write_text("SYNCCTL_LEASE_SECONDS=200\nSYNCCTL_MAX_RETRIES=7\nSYNCCTL_LOG_DAYS=9\n", encoding="utf-8")
    environment = {"SYNCCTL_LEASE_SECONDS": "100", "SYNCCTL_MAX_RETRIES": "8"}
    settings = load({"lease_seconds": "50"}, environment=environment, env_file=env_file)
    assert (settings.lease_seconds, settings.max_retries, settings.log_days, settings.breaker_threshold) == (50, 8, 9, 3)
    origins = [settings.origin(name) for name in ("lease_seconds", "max_retries", "log_days", "breaker_threshold")]
    assert origins == ["flag", "environment", ".env", "default"]


def test_documented_bare_names_are_accepted_and_the_prefixed_name_counts_first():
    assert load(environment={"ORDER_POLLING_BATCH_SIZE": "25"}).order_polling_batch_size == 25
    both = {"ORDER_POLLING_BATCH_SIZE": "25", "SYNCCTL_ORDER_POLLING_BATCH_SIZE": "30"}
    assert load(environment=both).order_polling_batch_size == 30
    assert {entry.bare for entry in TABLE if entry.bare} == {
        "ENABLE_ORDER_POLLING",
        "ENABLE_WEBHOOKS",
        "ORDER_POLLING_INTERVAL_MINUTES",
        "ORDER_POLLING_LOOKBACK_MINUTES",
        "ORDER_POLLING_BATCH_SIZE",
        "ORDER_POLLING_MAX_PAGES",
        "MAX_RETRIES",
        "RETRY_DELAY_BASE",
        "ALLOWED_ORDER_FINANCIAL_STATUSES",
    }


def test_the_documented_defaults():
    settings = Settings()
    assert (settings.lease_seconds, settings.max_retries, settings.retry_delay_base) == (300, 3, 2)
    assert (settings.order_polling_interval_minutes, settings.order_polling_lookback_minutes) == (10, 15)
    assert (settings.order_polling_batch_size, settings.order_polling_max_pages) == (50, 10)
    assert settings.woo_create_statuses == ("processing", "completed")
    assert settings.write_back_status
    assert settings.enable_order_polling is True
    assert (settings.unknown_customer, settings.erp_currency, settings.erp_timezone) == ("review", "USD", ZoneInfo("UTC"))
    assert settings.database.startswith("sqlite:///")


def test_every_wrong_value_is_named_at_once_with_what_is_accepted():
    wrong = {
        "SYNCCTL_WOO_URL": "shop.example",
        "SYNCCTL_LEASE_SECONDS": "0",
        "SYNCCTL_ERP_TIMEZONE": "Mars/Olympus",
        "SYNCCTL_PRICE_TOLERANCE": "NaN",
        "SYNCCTL_PRICE_CHECK": "maybe",
        "SYNCCTL_ENABLE_ORDER_POLLING": "perhaps",
        "SYNCCTL_DATABASE": "mysql://root:hunter2@db/shop",
        "SYNCCTL_WOO_CA_BUNDLE": "/no/such/file.pem",
        "ORDER_POLLING_BATCH_SIZE": "251",
    }
    with pytest.raises(ConfigError) as raised:
        load(environment=wrong)
    message = str(raised.value)
    assert all(name in message for name in wrong)
    assert "'251', but takes a whole number from 1 to 250" in message
    assert "off, warning or error" in message
    assert "hunter2" not in message


def test_a_wrong_option_is_a_usage_error_that_names_the_option():
    with pytest.raises(UsageError, match=r"--lookback is '-5', but takes a whole number"):
        load(
            {"order_polling_lookback_minutes": "-5"},
            environment={},
            option_names={"order_polling_lookback_minutes": "--lookback"},
        )


def test_the_guest_account_needs_its_number():
    with pytest.raises(ConfigError, match="SYNCCTL_GUEST_CUST_NO"):
        load(environment={"SYNCCTL_UNKNOWN_CUSTOMER": "guest"})
    assert load(environment={"SYNCCTL_UNKNOWN_CUSTOMER": "GUEST", "SYNCCTL_GUEST_CUST_NO": "CASH"}).unknown_customer == "guest"


def test_a_slip_of_the_pen_is_told_with_the_name_that_was_meant():
    assert load(environment={"SYNCCTL_WOO_ULR": "https://shop.example", "SYNCCTL_TEST_DATABASE": "x"}).unknown == (
        "SYNCCTL_WOO_ULR is no setting of syncctl and was ignored. Did you mean SYNCCTL_WOO_URL?",
    )
    with pytest.raises(UsageError, match="Did you mean SYNCCTL_LEASE_SECONDS"):
        find("lease_second")
    assert find("syncctl_max_retries") is find("MAX_RETRIES") is BY_NAME["max_retries"]


def test_what_is_needed_and_missing_is_named_together():
    with pytest.raises(ConfigError) as raised:
        Settings(woo_url="https://shop.example").need("woo_url", "woo_consumer_key", "woo_consumer_secret")
    assert "SYNCCTL_WOO_CONSUMER_KEY" in str(raised.value)
    assert "SYNCCTL_WOO_CONSUMER_SECRET" in str(raised.value)
    assert "SYNCCTL_WOO_URL" not in str(raised.value)


@pytest.mark.parametrize(
    "given", ["https://shop.example/", "https://shop.example/wp-json/wc/v3/", "https://shop.example/wp-json"]
)
def test_a_stores_address_is_cut_back_to_its_root(given: str):
    assert load(environment={"SYNCCTL_WOO_URL": given}).woo_url == "https://shop.example"


def test_values_become_what_they_mean(tmp_path: Path):
    bundle = tmp_path / "ca.pem"
    bundle.write_text("", encoding="utf-8")
    settings = load(
        environment={
            "SYNCCTL_WOO_CREATE_STATUSES": " Processing, completed ,processing",
            "SYNCCTL_PRICE_TOLERANCE": "0.05",
            "SYNCCTL_ERP_TIMEZONE": "America/New_York",
            "SYNCCTL_WOO_CA_BUNDLE": str(bundle),
            "SYNCCTL_WOO_AUTH_IN_QUERY": "yes",
            "SYNCCTL_LOG_LEVEL": "debug",
            "SYNCCTL_GUEST_CUST_NO": "   ",
        }
    )
    assert settings.woo_create_statuses == ("processing", "completed")
    assert settings.price_tolerance == Decimal("0.05")
    assert settings.erp_timezone == ZoneInfo("America/New_York")
    assert (settings.woo_ca_bundle, settings.woo_auth_in_query, settings.log_level) == (bundle, True, "DEBUG")
    assert settings.guest_cust_no is None


def test_a_dollar_sign_and_a_byte_order_mark_in_the_env_file_are_taken_as_they_are(tmp_path: Path):
    env_file = tmp_path / ".env"
    env_file.write_bytes("\ufeffSYNCCTL_WOO_CONSUMER_SECRET=cs_$HOME${x}\n".encode())
    secret = load(environment={"HOME": "/root"}, env_file=env_file).woo_consumer_secret
    assert secret == Secret("cs_$HOME${x}")


def test_a_named_env_file_must_exist(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"missing\.env"):
        load(environment={}, env_file=tmp_path / "missing.env")
    with pytest.raises(ConfigError, match=r"other\.env"):
        load(environment={"SYNCCTL_ENV_FILE": str(tmp_path / "other.env")})
    (tmp_path / "bad.env").write_bytes(b"SYNCCTL_STORE_ID=\xff\xfe\n")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(environment={}, env_file=tmp_path / "bad.env")


def test_a_settings_file_that_may_not_be_read_is_no_matter_of_letters(tmp_path: Path):
    with pytest.raises(ConfigError, match="See to it that the account of the jobs may read it") as refused:
        read_file(tmp_path)
    assert "UTF-8" not in str(refused.value)


def test_secrets_are_never_shown():
    connection = "Driver={FreeTDS};Server=sql;UID=sa;PWD={p;}}w};Encrypt=no"
    settings = Settings(woo_consumer_key=Secret("ck_geheim"), database=connection)
    shown = {entry.name: value for entry, value, _ in settings.shown()}
    assert (shown["woo_consumer_key"], shown["woo_consumer_secret"]) == ("set", "not set")
    assert shown["database"] == "Driver={FreeTDS};Server=sql;UID=sa;PWD=***;Encrypt=no"
    assert settings.secrets() == ["ck_geheim", "p;}w"]
    assert "geheim" not in f"{settings.woo_consumer_key} {settings.woo_consumer_key!r} {settings}"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r\n"), min_size=1, max_size=30))
def test_a_password_is_found_and_hidden_however_it_is_braced(password: str):
    braced = "{" + password.replace("}", "}}") + "}"
    connection = f"Server=sql;PWD={braced};Database=SHOP"
    assert passwords_in(connection) == [password]
    assert without_password(connection) == f"Server=sql;PWD={HIDDEN};Database=SHOP"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1).filter(str.strip))
def test_what_is_written_into_the_env_file_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, value: str):
    path = tmp_path_factory.mktemp("env") / ".env"
    write_setting(path, BY_NAME["woo_consumer_secret"], value)
    assert load(environment={}, env_file=path).woo_consumer_secret == Secret(value.strip())


def test_writing_a_setting_changes_its_line_only_and_checks_first(tmp_path: Path):
    path = tmp_path / "conf" / ".env"
    write_setting(path, BY_NAME["lease_seconds"], "60")
    path.write_text("# by hand\nMAX_RETRIES=5\n" + path.read_text(encoding="utf-8") + "OTHER='x'\n", encoding="utf-8")
    write_setting(path, BY_NAME["max_retries"], "4")
    assert path.read_text(encoding="utf-8") == "# by hand\nMAX_RETRIES='4'\nSYNCCTL_LEASE_SECONDS='60'\nOTHER='x'\n"
    with pytest.raises(UsageError, match="takes a whole number"):
        write_setting(path, BY_NAME["lease_seconds"], "soon")
    write_setting(path, BY_NAME["lease_seconds"], "")
    assert path.read_text(encoding="utf-8") == "# by hand\nMAX_RETRIES='4'\nOTHER='x'\n"


def test_a_new_env_file_is_for_this_account_alone(tmp_path: Path):
    path = tmp_path / ".env"
    write_setting(path, BY_NAME["woo_consumer_key"], "ck_1")
    assert path.stat().st_mode & 0o077 == 0 or __import__("os").name == "nt"


def test_the_env_file_that_is_read_can_be_named(tmp_path: Path):
    assert env_path(None, {}) == Path(".env")
    assert env_path(None, {"SYNCCTL_ENV_FILE": str(tmp_path / "a")}) == tmp_path / "a"
    assert env_path(tmp_path / "b", {"SYNCCTL_ENV_FILE": str(tmp_path / "a")}) == tmp_path / "b"


def test_every_setting_is_described():
    for entry in TABLE:
        assert entry.doc.endswith("."), entry.name
        assert entry.kind.accepts, entry.name
        assert isinstance(entry.show(entry.default), str)


def test_a_shopify_store_has_a_name_of_its_own_unless_one_is_set():
    assert load(environment={"SYNCCTL_SOURCE": "Shopify"}).store_id == "shopify"
    assert load({"source": "shopify"}, environment={}).store_id == "shopify"
    assert load(environment={"SYNCCTL_SOURCE": "shopify", "SYNCCTL_STORE_ID": "outlet"}).store_id == "outlet"
    assert load(environment={}).store_id == "woocommerce"


def test_which_settings_count_follows_the_source():
    environment = {"SYNCCTL_SHOPIFY_URL": "shop.myshopify.com", "ALLOWED_ORDER_FINANCIAL_STATUSES": "PAID,Authorized"}
    woo, shopify = load(environment=environment), load({"source": "shopify"}, environment=environment)
    assert (woo.store_url, shopify.store_url) == (None, "shop.myshopify.com")
    assert (woo.create_statuses, shopify.create_statuses) == (("processing", "completed"), ("paid", "authorized"))
    with pytest.raises(ConfigError, match="SYNCCTL_SHOPIFY_TOKEN is not set"):
        shopify.need(*shopify.store_keys)
    with pytest.raises(ConfigError, match="SYNCCTL_SHOPIFY_API_VERSION"):
        load(environment={"SYNCCTL_SHOPIFY_API_VERSION": "2025-13"})
