"""The shop of the crash tests, on each engine in turn; a module that needs one engine only has a fixture `url` of its own."""

from tests.contract.conftest import clock, database, new_connection, query, url  # noqa: F401
from tests.crash.conftest import shop  # noqa: F401
