"""A certificate for localhost and 127.0.0.1, and its key."""

from pathlib import Path

from tests import helpers

_directory = Path(helpers.__file__).parent / "certificates"
CERTIFICATE = str(_directory / "cert.pem")
KEY = str(_directory / "key.pem")
