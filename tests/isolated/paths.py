"""pathlib, imported after patching. Python 3.9's takes os.open into a class, where a function would be a method."""

import sys
import tempfile

import eventlet

for name in [name for name in sys.modules if name.partition(".")[0] == "pathlib"]:
    del sys.modules[name]  # how eventlet was installed may have imported it
eventlet.monkey_patch()
import pathlib

path = pathlib.Path(tempfile.mkdtemp()) / "file"
path.touch()
assert path.write_text("text") == 4
assert path.read_text() == "text"
with path.open("rb") as file:
    assert file.read() == b"text"
