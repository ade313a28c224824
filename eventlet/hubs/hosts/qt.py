"""Qt's loop as host: PySide6 or PyQt6."""

from __future__ import annotations

import importlib
import math

from eventlet.hubs import _embedding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Host(_embedding.Host):
    """`application` is the QCoreApplication (or QGuiApplication, QApplication), or any QObject of this thread."""

    def __init__(self, application: Any) -> None:
        binding = next(
            name
            for kind in type(application).__mro__
            if (name := kind.__module__.partition(".")[0]) in ("PySide6", "PyQt6")
        )
        self._core = core = importlib.import_module(f"{binding}.QtCore")
        self._notifier: Any = None
        self._timer = core.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setTimerType(core.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._fire)
        self._call: Callable[[], object] | None = None

    def watch(self, fd: int, call: Callable[[], object]) -> None:
        self._notifier = self._core.QSocketNotifier(fd, self._core.QSocketNotifier.Type.Read)
        self._notifier.activated.connect(lambda *_: call())

    def unwatch(self) -> None:
        notifier, self._notifier = self._notifier, None
        if notifier is not None:
            notifier.setEnabled(False)
            notifier.deleteLater()

    def set_timer(self, seconds: float, call: Callable[[], object]) -> None:
        self._call = call
        # Qt counts in milliseconds, in 32 bits.
        self._timer.start(min(math.ceil(seconds * 1000), 2**31 - 1))

    def cancel_timer(self) -> None:
        self._timer.stop()

    def _fire(self) -> None:
        if self._call is not None:
            self._call()
