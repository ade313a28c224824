"""Green threads in a Twisted program, whose reactor goes on while they work.

python examples/embedding/twisted_host.py
"""

from __future__ import annotations

from _work import TICK_MILLISECONDS, Work, arguments
from twisted.internet import reactor, task


def main() -> None:
    work = Work(arguments(__doc__))
    ticking = task.LoopingCall(work.tick)
    reactor.callWhenRunning(work.begin, reactor, reactor.stop)
    ticking.start(TICK_MILLISECONDS / 1000)
    reactor.run()
    work.end()


if __name__ == "__main__":
    main()
