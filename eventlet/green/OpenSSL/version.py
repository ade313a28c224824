"""OpenSSL.version, which never waits: the very module."""

from eventlet._patching.modules import become

become(__name__, "OpenSSL.version")
