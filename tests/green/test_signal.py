"""The green signal module, and os.system: waiting for signals and for commands lets others run."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

import eventlet
from eventlet.green import os as green_os
from eventlet.green import signal as green_signal
from tests.helpers import SOME_SECONDS, OSThread, check_python, settle

pytestmark = pytest.mark.skipif(not hasattr(signal, "pause"), reason="no POSIX signals here")


@pytest.fixture
def handled():
    """Numbers of the signals whose handler, that of SIGUSR1 and SIGUSR2, was called."""
    numbers = []
    signals = (signal.SIGUSR1, signal.SIGUSR2)
    before = [signal.signal(number, lambda number, frame: numbers.append(number)) for number in signals]
    yield numbers
    for number, handler in zip(signals, before):
        signal.signal(number, handler)


@pytest.fixture
def blocked():
    """SIGUSR1 and SIGUSR2, blocked in this thread."""
    signals = {signal.SIGUSR1, signal.SIGUSR2}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    yield signals
    while signal.sigtimedwait(signals, 0) is not None:
        pass
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def send(number=signal.SIGUSR1):
    os.kill(os.getpid(), number)


# ---- handlers


@pytest.fixture
def handle(hub):
    """Sets a handler of SIGUSR1 by the green module."""
    before = signal.getsignal(signal.SIGUSR1)
    yield lambda handler: green_signal.signal(signal.SIGUSR1, handler)
    signal.signal(signal.SIGUSR1, before)


def send_in_poll(hub, monkeypatch):
    do_poll, sent = hub.do_poll, []

    def send_once(seconds):
        if seconds != 0 and not sent:
            sent.append(None)
            signal.raise_signal(signal.SIGUSR1)
        return do_poll(seconds)

    monkeypatch.setattr(hub, "do_poll", send_once)


def send_between_polls(hub, monkeypatch):
    hub.call_soon(lambda: signal.raise_signal(signal.SIGUSR1))


def send_in_loop(hub, monkeypatch):
    if not hub.name.startswith("asyncio"):
        pytest.skip("this hub has no loop of its own")
    eventlet.sleep(0.001)  # from now on the loop drives the hub
    hub.asyncio_loop.call_later(0.001, signal.raise_signal, signal.SIGUSR1)


SENDERS = [send_in_poll, send_between_polls, send_in_loop]


@pytest.mark.parametrize("send", SENDERS)
def test_a_handler_that_is_called_while_everybody_waits_may_wait(hub, handle, monkeypatch, send):
    order, done = [], eventlet.Event()

    def handler(number, frame):
        order.append(number)
        eventlet.sleep(0.001)
        eventlet.sleep(0)
        order.append(eventlet.spawn(lambda: "from another green thread").wait())
        done.send()

    handle(handler)
    send(hub, monkeypatch)
    done.wait()
    assert order == [signal.SIGUSR1, "from another green thread"]


@pytest.mark.parametrize("send", SENDERS)
@pytest.mark.parametrize("wait", [lambda: None, lambda: eventlet.sleep(0.001)])
def test_what_such_a_handler_raises_is_raised_in_the_main_green_thread(hub, handle, monkeypatch, send, wait):
    def handler(number, frame):
        wait()
        raise KeyError(number)

    handle(handler)
    with pytest.raises(KeyError, match=str(int(signal.SIGUSR1))):
        send(hub, monkeypatch)
        eventlet.sleep(SOME_SECONDS)
    eventlet.sleep(0.001)
    assert eventlet.spawn(lambda: "runs").wait() == "runs"


def test_handlers_are_known_as_what_they_are(hub, handle):
    def handler(number, frame):
        """Never called."""

    handle(handler)
    assert green_signal.getsignal(signal.SIGUSR1) is handler
    assert handle(signal.SIG_IGN) is handler
    assert handle(signal.default_int_handler) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGUSR1) is signal.default_int_handler
    with pytest.raises(TypeError):
        handle("no function")


# ---- pause


def test_pause_returns_after_the_handler_and_lets_others_run(hub, spawn, handled):
    seen = []
    pausing = [spawn(lambda: (green_signal.pause(), seen.append(list(handled)))) for _ in range(3)]
    settle()
    spawn(lambda: (eventlet.sleep(0.001), send()))
    green_signal.pause()
    for green in pausing:
        green.wait()
    assert seen == [[signal.SIGUSR1]] * 3
    assert handled == [signal.SIGUSR1]


def test_pause_waits_for_signals_that_come_later(hub, spawn, handled):
    send()
    pausing = spawn(green_signal.pause)
    settle()
    assert not pausing.dead
    send(signal.SIGUSR2)
    pausing.wait()
    for _ in range(3):
        pausing = spawn(green_signal.pause)
        settle()
        assert not pausing.dead
        send()
        pausing.wait()


def test_handlers_are_what_they_were_afterwards(hub, spawn, handled):
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    pausing = spawn(green_signal.pause)
    settle()
    pausing.kill()
    assert [signal.getsignal(number) for number in signal.valid_signals()] == handlers

    def mine(*_):
        """Set while somebody pauses, it stays."""

    pausing = [spawn(green_signal.pause) for _ in range(2)]
    settle()
    kept = signal.signal(signal.SIGUSR2, mine)
    send()
    for green in pausing:
        green.wait()
    assert signal.getsignal(signal.SIGUSR2) is mine
    signal.signal(signal.SIGUSR2, kept)  # what it was while somebody paused still works, once and later
    pausing = spawn(green_signal.pause)
    settle()
    send(signal.SIGUSR2)
    pausing.wait()
    send(signal.SIGUSR2)
    assert handled == [signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR2]


def test_the_first_thing_that_a_hub_does(hub, handled):
    alarms = []
    before = signal.signal(signal.SIGALRM, lambda *_: alarms.append(None))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        for count in (1, 2):
            green_signal.pause()
            assert len(alarms) >= count
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_what_the_handler_raises_ends_a_pause_of_the_main_green_thread(hub, spawn, handled):
    def handler(*_):
        signal.setitimer(signal.ITIMER_REAL, 0)
        raise ZeroDivisionError

    other = spawn(green_signal.pause)
    settle()
    before = signal.signal(signal.SIGALRM, handler)
    try:
        with pytest.raises(ZeroDivisionError):
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            green_signal.pause()
    finally:
        signal.signal(signal.SIGALRM, before)
    settle()
    assert not other.dead, "the handler was set after it had begun to pause"
    send()
    other.wait()


@pytest.mark.filterwarnings("ignore:This process .*fork:DeprecationWarning")
def test_a_child_can_pause_while_the_parent_does(hub, spawn, handled):
    pausing = spawn(green_signal.pause)
    settle()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(int(SOME_SECONDS))
            sender = eventlet.spawn(lambda: [(eventlet.sleep(0.001), send()) for _ in range(10**6)])
            green_signal.pause()
            status = 0 if handled and not sender.dead else 2
        finally:
            os._exit(status)
    assert green_os.waitpid(pid, 0) == (pid, 0)
    assert not pausing.dead
    send()
    pausing.wait()


# ---- blocked signals


def send_here(number):
    # To this thread: others (of pytest-xdist, say) do not block it, and it would end the process.
    signal.pthread_kill(threading.get_ident(), number)


@pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="no sigtimedwait")
@pytest.mark.parametrize("wait", ["sigwait", "sigwaitinfo", "sigtimedwait"])
def test_blocked_signals_are_waited_for_cooperatively(hub, spawn, blocked, wait):
    arguments = (SOME_SECONDS,) if wait == "sigtimedwait" else ()
    others = []
    spawn(lambda: (eventlet.sleep(0.001), others.append("ran"), send_here(signal.SIGUSR2)))
    got = getattr(green_signal, wait)(blocked, *arguments)
    assert getattr(got, "si_signo", got) == signal.SIGUSR2
    assert others == ["ran"]
    if wait == "sigwait":
        assert type(got) is signal.Signals


@pytest.mark.skipif(not hasattr(signal, "sigtimedwait"), reason="no sigtimedwait")
def test_a_signal_that_has_come_already_and_one_that_never_comes(autojump_hub, blocked):
    send_here(signal.SIGUSR1)
    assert green_signal.sigtimedwait(blocked, 0).si_signo == signal.SIGUSR1
    assert green_signal.sigtimedwait(blocked, 0) is None
    before = autojump_hub.clock()
    assert green_signal.sigtimedwait(blocked, 3) is None
    assert autojump_hub.clock() == before + 3
    with pytest.raises(ValueError, match="timeout"):
        green_signal.sigtimedwait(blocked, -1)
    for bad in ("1", None):
        with pytest.raises(TypeError):
            green_signal.sigtimedwait(blocked, bad)
    for call in (green_signal.sigwait, green_signal.sigwaitinfo):
        with pytest.raises(TypeError):
            call(5)


# ---- os.system


def test_system_returns_the_status_and_lets_others_run(hub, spawn, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    order = []
    command = spawn(lambda: (green_os.system(f"cat {fifo} > /dev/null; exit 3"), order.append("command"))[0])

    def release():
        order.append("released")
        with open(fifo, "wb"):
            pass

    settle()
    spawn(release)
    status = command.wait()
    assert os.waitstatus_to_exitcode(status) == 3
    assert order == ["released", "command"]


@pytest.mark.parametrize(
    "command", ["exit 0", b"exit 7", "kill -TERM $$", "no-such-command-here 2>/dev/null", "", ":;"]
)
def test_system_has_the_status_of_the_standard_one(hub, command):
    assert green_os.system(command) == os.system(command)


def test_system_s_bad_arguments(hub):
    for bad in (None, 5, ["ls"]):
        with pytest.raises(TypeError):
            green_os.system(bad)
    for bad in ("a\0b", b"a\0b"):
        with pytest.raises(ValueError, match="null"):
            green_os.system(bad)


def test_interrupts_are_ignored_while_commands_run_and_are_theirs(hub, spawn, tmp_path):
    def handler(*_):
        raise AssertionError("this is not for us")

    before = signal.signal(signal.SIGINT, handler)
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    try:
        commands = [spawn(green_os.system, f"read line < {fifo}; kill -INT $$") for _ in range(2)]
        settle()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        send(signal.SIGINT)
        while not all(command.dead for command in commands):
            try:
                writing = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # the shell has not opened it yet
                pass
            else:
                os.close(writing)
            eventlet.sleep(0.001)
        for command in commands:
            assert os.WTERMSIG(command.wait()) == signal.SIGINT, "the command does not ignore it"
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_one_that_is_killed_leaves_no_zombie(hub, spawn, tmp_path):
    fifo, pid_file = tmp_path / "fifo", tmp_path / "pid"
    os.mkfifo(fifo)
    command = spawn(green_os.system, f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; read line < {fifo}")
    while not pid_file.exists():
        eventlet.sleep(0.001)
    pid = int(pid_file.read_text())
    command.kill()
    assert signal.getsignal(signal.SIGINT) != signal.SIG_IGN
    os.kill(pid, 0)  # it goes on
    with open(fifo, "wb"):  # blocks until it has opened the other end, and then lets it end
        pass
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        eventlet.sleep(0.001)


def test_system_in_another_os_thread(hub):
    def work():
        return green_os.system("exit 4")

    assert os.waitstatus_to_exitcode(OSThread(work).join()) == 4


# ---- patched


def test_patched_with_os():
    said = check_python(
        """
        import signal, os, time
        import eventlet
        from eventlet import patcher
        eventlet.monkey_patch()
        assert patcher.is_monkey_patched(signal) and patcher.is_monkey_patched("signal")
        got = []
        signal.signal(signal.SIGALRM, lambda *_: got.append("handled"))
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.05)
        signal.pause()
        signal.setitimer(signal.ITIMER_REAL, 0)
        del got[1:]
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
        eventlet.spawn(lambda: (time.sleep(0.001), os.kill(os.getpid(), signal.SIGUSR2)))
        got.append(signal.sigwait([signal.SIGUSR2]).name)
        got.append(os.waitstatus_to_exitcode(os.system("exit 5")))
        print(got)
        """
    )
    assert said == "['handled', 'SIGUSR2', 5]\n"


def test_the_wakeup_fd_is_the_programs_and_the_hubs_is_back_afterwards(hub, handle):
    handle(lambda *_: None)
    reader, writer = os.pipe()
    other_reader, other_writer = os.pipe()
    for fd in (reader, writer, other_reader, other_writer):
        os.set_blocking(fd, False)
    eventlet.sleep(0.001)  # the hub has its own by now
    try:
        assert green_signal.set_wakeup_fd(writer) == -1
        assert green_signal.set_wakeup_fd(other_writer, warn_on_full_buffer=False) == writer
        signal.raise_signal(signal.SIGUSR1)
        assert os.read(other_reader, 10) == bytes([signal.SIGUSR1])
        assert green_signal.set_wakeup_fd(-1) == other_writer
        assert green_signal.set_wakeup_fd(-1) == -1
        assert signal.set_wakeup_fd(-1) not in (-1, writer, other_writer)
    finally:
        hub._waker.watch_signals_again()
        for fd in (reader, writer, other_reader, other_writer):
            os.close(fd)


@pytest.mark.parametrize("first", ["the hub", "the program"])
def test_whoever_waits_for_the_programs_wakeup_fd_is_woken(hub, handle, first):
    """As multiprocessing's fork server does, which runs patched when it has imported a program that patches."""
    called = []
    handle(lambda number, frame: called.append(number))
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    if first == "the hub":
        eventlet.sleep(0.001)
    try:
        assert green_signal.set_wakeup_fd(writer) == -1
        waiting = eventlet.spawn(green_os.read, reader, 10)
        eventlet.sleep(0.001)
        thread = OSThread(send)
        assert waiting.wait() == bytes([signal.SIGUSR1])
        thread.join()
        assert called == [signal.SIGUSR1]
        # Back to none, and closed: the hub's end does not need it.
        assert green_signal.set_wakeup_fd(-1) == writer
    finally:
        green_signal.set_wakeup_fd(-1)
        os.close(reader)
        os.close(writer)
    eventlet.sleep(0.001)
    hub.close()
    assert signal.set_wakeup_fd(-1) == -1


def test_a_child_does_not_tell_its_parent_of_signals(hub, handle):
    """The wake-up fd that a loop of uvloop's has is shared with the child."""
    if hub.name != "asyncio:uvloop":
        pytest.skip("asyncio itself sees to that since Python 3.12")
    loop_was_told = []
    eventlet.sleep(0.001)
    hub.asyncio_loop.add_signal_handler(signal.SIGUSR1, loop_was_told.append, "told")
    handle(lambda *_: None)
    pid = os.fork()
    if not pid:
        try:
            for _ in range(2):
                signal.raise_signal(signal.SIGUSR1)
                eventlet.sleep(0.001)  # its hub has a loop of its own from now on
        finally:
            os._exit(0)
    assert green_os.waitpid(pid, 0) == (pid, 0)
    eventlet.sleep(0.01)
    assert loop_was_told == []
    hub.asyncio_loop.remove_signal_handler(signal.SIGUSR1)


def test_the_hubs_own_wakeup_fd_is_not_the_programs_when_its_loop_runs_once_more(hub, handle):
    def handler(*_):
        raise KeyError("it ends the loop")

    handle(handler)
    with pytest.raises(KeyError, match="it ends the loop"):
        OSThread(lambda: (time.sleep(0.02), send()))
        eventlet.sleep(SOME_SECONDS)
    eventlet.sleep(0.001)
    assert green_signal.set_wakeup_fd(-1) == -1
