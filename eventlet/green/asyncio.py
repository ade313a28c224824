"""asyncio, over green modules: a running loop lets other green threads run, and each green thread may run one.

It is the standard library's code without its parts in C, which know of one running loop for each OS thread.
"""

from __future__ import annotations

import asyncio.exceptions as _standard_exceptions

from eventlet._patching.world import green_world
from eventlet.green._lookalike import look_like

# One exception, one class: who catches the standard one catches ours.
green_world.adopt("asyncio.exceptions", _standard_exceptions)

__getattr__, __dir__ = look_like(globals(), green_world.load_anew("asyncio"))
