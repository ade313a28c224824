"""Upstream's home of the pipe classes, kept for callers."""

from eventlet.greenio.base import GreenSocket as _fileobject
from eventlet.greenio.pipe import GreenFileIO as GreenFileIO
from eventlet.greenio.pipe import GreenPipe as GreenPipe

__all__ = ["GreenFileIO", "GreenPipe", "_fileobject"]
