"""What the programs here share. Imports nothing that patching changes."""

import faulthandler

faulthandler.dump_traceback_later(50, exit=True)  # a wait that is not cooperative shows as a hang


def together(function, count):
    """Call `function(0)` ... `function(count - 1)`, each in a green thread; return what they return, in order."""
    import eventlet

    threads = [eventlet.spawn(function, number) for number in range(count)]
    return [thread.wait() for thread in threads]
