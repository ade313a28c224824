"""Real programs and libraries, patched, with real servers on loopback: N waits at once take the time of one.

A program is a script of `scripts/`, which the tests run in an interpreter of its own (`conftest.program`). It has many
green threads ask a server that answers none of them before all have asked: no clock is read, and what is not
cooperative never ends. `requirements.txt` has the libraries, `.ci/run` installs them, and the servers from Debian's
packages; a test is skipped if it lacks either.
"""
