"""A certificate of its own for a simulated store that speaks HTTPS."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1, signed by nobody but itself: (certificate, key). Skips where openssl is missing."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip(
            "HTTPS with a private authority is NOT tested here: the openssl program, which makes its certificate, is missing"
        )
    cert, key = folder / "cert.pem", folder / "key.pem"
    key_type = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]  # an RSA key takes long to find
    what = ["-x509", *key_type, "-days", "2", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([openssl, "req", *what, *names, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key
