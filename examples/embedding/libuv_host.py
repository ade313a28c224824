"""Green threads in a libuv loop that belongs to somebody else: here, a program in ctypes.

python examples/embedding/libuv_host.py
"""

from __future__ import annotations

import ctypes
import ctypes.util

from _work import TICK_MILLISECONDS, Work, arguments

from eventlet.hubs.hosts import libuv

UV_TIMER, UV_RUN_DEFAULT = 13, 0


def main() -> None:
    work = Work(arguments(__doc__))
    uv = ctypes.CDLL(ctypes.util.find_library("uv") or "libuv.so.1")
    loop = ctypes.create_string_buffer(uv.uv_loop_size())
    uv.uv_loop_init(loop)
    timer = ctypes.create_string_buffer(uv.uv_handle_size(UV_TIMER))
    on_timer = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(lambda _timer: work.tick())
    uv.uv_timer_init(loop, timer)
    uv.uv_timer_start(timer, on_timer, ctypes.c_uint64(TICK_MILLISECONDS), ctypes.c_uint64(TICK_MILLISECONDS))
    work.begin(libuv.Host(ctypes.addressof(loop), uv), lambda: uv.uv_stop(loop))
    uv.uv_run(loop, UV_RUN_DEFAULT)
    work.end()
    uv.uv_close(timer, None)
    uv.uv_run(loop, UV_RUN_DEFAULT)  # until everything is closed
    assert uv.uv_loop_close(loop) == 0


if __name__ == "__main__":
    main()
