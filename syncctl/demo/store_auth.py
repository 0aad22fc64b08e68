"""How the simulated shop lets requests in: Basic and keys in the query where it plays HTTPS, OAuth 1.0a (RFC 5849) over HTTP.

Written against the RFC and not with the client's own signing library, so that one checks the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote

from syncctl.clock import Clock, system_clock
from syncctl.demo import store_errors as errors

TIME_WINDOW = 15 * 60
_PARAMETER = re.compile(r'([\w]+)="([^"]*)"')
_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}


@dataclass(slots=True)
class Gate:
    """The shop's one key, and what it takes to use it."""

    key: str = "ck_demo"
    secret: str = "cs_demo"  # noqa: S105 - opens nothing but the simulated shop
    writable: bool = True
    plays_https: bool = False
    """Take the keys as they are, as a shop behind HTTPS does."""
    clock: Clock = system_clock
    _nonces: set[str] = field(default_factory=set)

    def check(self, method: str, url: str, query: str, authorization: str) -> None:
        """Let a request pass, or not. `url` is scheme, host, port and path as the client sees them.

        Raises:
            StoreError: 401, worded as WooCommerce does.
        """
        pairs = parse_qsl(query, keep_blank_values=True)
        given = dict(pairs)
        if "rest_route" in given:
            raise errors.cannot_view()
        if self.plays_https and authorization.startswith("Basic "):
            self._check_keys(*_basic(authorization))
        elif self.plays_https and "consumer_key" in given:
            self._check_keys(given["consumer_key"], given.get("consumer_secret", ""))
        elif authorization.startswith("OAuth "):
            found = [(name, unquote(value)) for name, value in _PARAMETER.findall(authorization) if name != "realm"]
            self._check_signature(method, url, pairs, found)
        elif "oauth_signature" in given:
            signing = [(name, value) for name, value in pairs if name.startswith("oauth_")]
            self._check_signature(method, url, [pair for pair in pairs if pair not in signing], signing)
        else:
            raise errors.cannot_view()
        if method != "GET" and not self.writable:
            raise errors.unauthenticated("The API key provided does not have write permissions.")

    def _check_keys(self, key: str, secret: str) -> None:
        if key != self.key:
            raise errors.cannot_view()
        if not hmac.compare_digest(secret.encode(), self.secret.encode()):
            raise errors.unauthenticated("Consumer secret is invalid.")

    def _check_signature(self, method: str, url: str, query: list[tuple[str, str]], signing: list[tuple[str, str]]) -> None:
        given = dict(signing)
        if given.get("oauth_consumer_key") != self.key:
            raise errors.cannot_view()
        algorithm = _HASHES.get(given.get("oauth_signature_method", ""))
        if algorithm is None:
            raise errors.unauthenticated("Invalid signature - signature method is invalid.")
        pairs = [(_encode(name), _encode(value)) for name, value in [*query, *signing] if name != "oauth_signature"]
        parameters = "&".join(f"{name}={value}" for name, value in sorted(pairs))
        text = "&".join((method.upper(), _encode(url), _encode(parameters)))
        digest = hmac.new(f"{_encode(self.secret)}&".encode(), text.encode(), algorithm).digest()
        if not hmac.compare_digest(base64.b64encode(digest).decode(), given.get("oauth_signature", "")):
            raise errors.unauthenticated("Invalid signature - provided signature does not match.")
        stamp = given.get("oauth_timestamp", "")
        if not stamp.isdecimal() or abs(int(stamp) - self.clock().timestamp()) > TIME_WINDOW:
            raise errors.unauthenticated("Invalid timestamp.")
        nonce = given.get("oauth_nonce", "")
        if not nonce or nonce in self._nonces:
            raise errors.unauthenticated("Invalid nonce - nonce has already been used.")
        self._nonces.add(nonce)


def _basic(authorization: str) -> tuple[str, str]:
    try:
        key, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise errors.cannot_view() from None
    return key, secret


def _encode(text: str) -> str:
    """Percent-encode as RFC 5849 section 3.6 wants it."""
    return quote(text, safe="~")
