"""Green threads in a Qt application (PySide6), which goes on while they work.

QT_QPA_PLATFORM=offscreen python examples/embedding/qt_host.py
"""

from __future__ import annotations

import sys

from _work import TICK_MILLISECONDS, Work, arguments
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication


def main() -> None:
    work = Work(arguments(__doc__))
    application = QGuiApplication(sys.argv[:1])
    work.begin(application, application.quit)
    timer = QTimer()
    timer.timeout.connect(work.tick)
    timer.start(TICK_MILLISECONDS)
    application.exec()
    timer.stop()
    work.end()


if __name__ == "__main__":
    main()
