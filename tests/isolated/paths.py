"""pathlib, imported after patching. Python 3.9's takes os.open into a class, where a function would be a method."""

import sys
import tempfile

import eventlet

was_there = "pathlib" in sys.modules
eventlet.monkey_patch()
import pathlib

if "asyncio" not in sys.modules:  # as it is on that hub, and needs it
    assert not was_there
path = pathlib.Path(tempfile.mkdtemp()) / "file"
path.touch()
assert path.write_text("text") == 4
assert path.read_text() == "text"
with path.open("rb") as file:
    assert file.read() == b"text"
