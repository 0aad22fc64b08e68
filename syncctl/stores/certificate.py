"""How long a store's certificate is still good."""

from __future__ import annotations

import http.client
import os
import ssl
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from syncctl.errors import StoreMisconfigured, StoreUnavailable


def expires_at(url: str, *, ca_bundle: Path | None = None, seconds: float = 10) -> datetime | None:
    """Return when the certificate of the server at `url` runs out; None where the address is none of HTTPS.

    The server is asked as the store's session would ask it, through the proxy that the environment names and with the same
    authorities; no request is made.

    Raises:
        StoreMisconfigured: the certificate can't be trusted; one that has run out is among them.
        StoreUnavailable: no connection.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    context = ssl.create_default_context(cafile=str(ca_bundle or _authorities()))
    connection = _connection(parts.hostname, parts.port or 443, context, seconds)
    try:
        connection.connect()
        found = connection.sock.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise StoreMisconfigured(
            f"{parts.hostname}: its certificate is refused: {error.verify_message}. Renew it there, or name its authority with "
            "SYNCCTL_WOO_CA_BUNDLE.",
            code="certificate",
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise StoreUnavailable(
            f"{parts.hostname}: its certificate could not be looked at ({error}).", code="certificate"
        ) from error
    finally:
        connection.close()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)


def _connection(host: str, port: int, context: ssl.SSLContext, seconds: float) -> http.client.HTTPSConnection:
    proxy = None if proxy_bypass(host) else getproxies().get("https")
    if not proxy:
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
    through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    connection = http.client.HTTPSConnection(through.hostname or "", through.port or 80, timeout=seconds, context=context)
    connection.set_tunnel(host, port)
    return connection


def _authorities() -> str:
    """Return the file of the authorities that the store's session trusts."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH
