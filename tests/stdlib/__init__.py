"""CPython's own tests, run patched and unpatched: `python -m tests.stdlib --help`."""
