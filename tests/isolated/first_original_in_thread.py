"""The first original of threading may be asked for in any thread: it knows the main one, and that thread still ends."""

import threading

import _check

import eventlet.patcher

found = []
thread = threading.Thread(target=lambda: found.append(eventlet.patcher.original("threading")))
thread.start()
thread.join(30)
assert not thread.is_alive()
assert found[0].main_thread().ident == threading.main_thread().ident == threading.get_ident()
assert found[0].current_thread() is found[0].main_thread()
eventlet.monkey_patch()
assert threading.current_thread() is threading.main_thread()
