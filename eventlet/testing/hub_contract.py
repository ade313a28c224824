"""Whether a hub class keeps the contract of `eventlet.hubs.hub`: checks to run on a hub of one's own.

With pytest:

    @pytest.mark.parametrize("check", hub_contract.CHECKS)
    def test_my_hub(check):
        check(MyHub)

and without: `hub_contract.run(MyHub)`. Each check runs in an OS thread of its own, with real sockets and files, and
leaves the calling thread's hub alone. One that has not ended after `seconds` is a failure that says where it hangs.
They run on pollers and on hubs inside another loop alike: whatever they poll, they poll in the hub's greenlet.
"""

from __future__ import annotations

import errno
import gc
import signal
import tempfile
import warnings
from functools import partial

from greenlet import getcurrent

from eventlet import _pristine, greenthread
from eventlet._pristine import os
from eventlet.hubs import trampoline
from eventlet.hubs.hub import READABLE, WRITABLE, BaseHub
from eventlet.testing._bench import BOTH, SECONDS, Bench, Check, is_just, pair, quietly
from eventlet.timeout import Timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from typing import Any, Callable

__all__ = ["CHECKS", "SECONDS", "Check", "run"]

#: All checks, in an order in which the first to fail says most.
CHECKS: list[Check] = []


def run(hub_class: type[BaseHub], seconds: float = SECONDS) -> None:
    """Run every check, each for `seconds` at most; blocks the thread, and never switches.

    Raises AssertionError, with the name of the check, if the contract is broken, or the hub raised something.
    """
    for check in CHECKS:
        try:
            check(hub_class, seconds)
        except Exception as error:
            raise AssertionError(f"{check.__name__}: {error or type(error).__name__}") from error


def _check(body: Callable[[Bench], object]) -> Check:
    check = Check(body)
    CHECKS.append(check)
    return check


@_check
def is_a_hub_class(bench: Bench) -> None:
    """It is a subclass of BaseHub with its own `do_poll` and `set_interest`, takes a clock, and has a name."""
    hub_class = bench.hub_class
    assert isinstance(hub_class, type), f"a class is wanted, not {hub_class!r}"
    assert issubclass(hub_class, BaseHub), f"{hub_class!r} is not a subclass of BaseHub"
    for name in ("do_poll", "set_interest"):
        assert getattr(hub_class, name) is not getattr(BaseHub, name), f"it has no {name}()"
    if hub_class.edge_triggered:
        lasting = hub_class.set_lasting_interest
        assert lasting is not BaseHub.set_lasting_interest, "it is edge_triggered without set_lasting_interest()"
    hub = hub_class(lambda: 42.0)
    try:
        assert hub.clock() == 42.0, "it does not pass its clock on to BaseHub"
        assert hub.name, "it has no name"
    finally:
        hub.close()
    assert hub.is_closed(), "its close() does not call BaseHub.close()"


@_check
def an_idle_poll_returns_nothing(bench: Bench) -> None:
    """With nothing to report, a poll returns nothing, whether it waits or not."""

    def body(hub: BaseHub) -> None:
        with pair() as (left, _):
            for seconds in (0, 0.002):
                found = bench.poll(seconds)
                assert not found, f"nobody is watched, and do_poll({seconds}) reports {found}"
            hub.set_interest(left.fileno(), READABLE)
            for seconds in (0, 0.002):
                found = bench.poll(seconds)
                assert not found, f"nothing is ready, and do_poll({seconds}) reports {found}"

    bench.in_hub(body)


@_check
def polls_are_not_too_short(bench: Bench) -> None:
    """`do_poll(seconds)` rounds up, as rounding down would make a busy loop of the end of each sleep."""

    def body(hub: BaseHub) -> None:
        with pair() as (left, _):
            hub.set_interest(left.fileno(), READABLE)
            for seconds in (0.0001, 0.0009, 0.0015, 0.0101):
                began = _pristine.time.monotonic()
                bench.poll(seconds)
                waited = _pristine.time.monotonic() - began
                assert waited >= seconds - 0.00002, f"do_poll({seconds}) returned after {waited:.6f} seconds"

    bench.in_hub(body)


@_check
def reading_is_reported_while_there_is_something(bench: Bench) -> None:
    """Interest is level-triggered: the same data is reported by each poll, until it is read."""

    def body(hub: BaseHub) -> None:
        with pair() as (left, right):
            fd = left.fileno()
            hub.set_interest(fd, READABLE)
            right.send(b"xy")
            for seconds in (None, 0, bench.patience):
                found = bench.poll(seconds)
                assert is_just(found.pop(fd, 0), READABLE), f"what can be read is not reported by do_poll({seconds})"
                assert not found, f"do_poll reports fds that nobody asked for: {found}"
            left.recv(9)
            assert bench.poll() == {}, "what was read is still reported"

    bench.in_hub(body)


@_check
def writing_is_reported_while_there_is_room(bench: Bench) -> None:
    """A socket is reported for writing exactly while its buffer has room."""

    def body(hub: BaseHub) -> None:
        with pair() as (left, right):
            fd = left.fileno()
            hub.set_interest(fd, WRITABLE)
            bench.poll_for(fd, WRITABLE, "an empty socket")
            _until_it_would_block(partial(left.send, bytes(65536)))
            assert bench.poll() == {}, "a full socket is reported as writable"
            _until_it_would_block(partial(right.recv, 65536))
            bench.poll_for(fd, WRITABLE, "a socket that has room again")

    bench.in_hub(body)


def _until_it_would_block(call: Callable[[], object]) -> None:
    try:
        while True:
            call()
    except BlockingIOError:
        pass


@_check
def interest_can_change(bench: Bench) -> None:
    """Only what is asked for at last is reported; 0 forgets the fd."""

    def body(hub: BaseHub) -> None:
        with pair() as (left, right):
            fd = left.fileno()
            right.send(b"x")
            for events in (READABLE, WRITABLE, BOTH, WRITABLE, READABLE, BOTH):
                hub.set_interest(fd, events)
                bench.poll_for(fd, events, "after a change of interest")
            hub.set_interest(fd, 0)
            assert bench.poll() == {}, "a forgotten fd is reported"
            hub.set_interest(fd, READABLE)
            bench.poll_for(fd, READABLE, "an fd that was forgotten, and is watched again")

    bench.in_hub(body)


@_check
def many_fds_at_once(bench: Bench) -> None:
    """A hundred ready fds are all reported, in a few polls at most."""
    pairs = [_pristine.socket.socketpair() for _ in range(100)]

    def body(hub: BaseHub) -> None:
        for left, right in pairs:
            hub.set_interest(left.fileno(), READABLE)
            right.send(b"x")
        found: dict[int, int] = {}
        for _ in range(10):
            found.update(bench.poll(bench.patience if len(found) < len(pairs) else 0))
        missing = {left.fileno() for left, _ in pairs} - set(found)
        assert not missing, f"never reported: {sorted(missing)}"

    try:
        bench.in_hub(body)
    finally:
        for both in pairs:
            for end in both:
                end.close()


@_check
def many_fds_a_few_at_a_time(bench: Bench) -> None:
    """Only with `report_at_most`: no poll returns more than that, and each ready fd has its turn."""
    if bench.hub_class.report_at_most is BaseHub.report_at_most:
        return
    pairs = [_pristine.socket.socketpair() for _ in range(50)]

    def body(hub: BaseHub) -> None:
        for left, right in pairs:
            hub.set_interest(left.fileno(), READABLE)
            right.send(b"x")
        hub.report_at_most(7)
        missing = {left.fileno() for left, _ in pairs}
        for _ in range(20):
            found = bench.poll(bench.patience if missing else 0)
            assert len(found) <= 7, f"no more than 7 events are wanted at a time, and here are {len(found)}"
            missing -= set(found)
        assert not missing, f"never reported, because others always are: {sorted(missing)}"
        hub.report_at_most(0)
        assert len(bench.poll(bench.patience)) > 7, "report_at_most(0) does not lift the limit"

    try:
        bench.in_hub(body)
    finally:
        for both in pairs:
            for end in both:
                end.close()


@_check
def a_hang_up_wakes_who_reads(bench: Bench) -> None:
    """When the peer closes, whoever reads is woken."""

    def body(hub: BaseHub) -> None:
        with pair() as (left, right):
            hub.set_interest(left.fileno(), READABLE)
            bench.poll()
            right.close()
            deadline = _pristine.time.monotonic() + bench.patience
            found = 0
            while not found & ~WRITABLE and _pristine.time.monotonic() < deadline:
                found = bench.poll(bench.patience).get(left.fileno(), 0)
            assert found & ~WRITABLE, f"the peer has closed, and whoever reads is not told: do_poll reports {found}"

    bench.in_hub(body)


@_check
def a_closed_fd_is_refused(bench: Bench) -> None:
    """`set_interest` of an fd that is not open raises OSError, and nothing is watched then."""

    def body(hub: BaseHub) -> None:
        with pair() as (left, _):
            fd = os.dup(left.fileno())
            os.close(fd)
            for events in (READABLE, WRITABLE):
                try:
                    hub.set_interest(fd, events)
                except OSError as error:
                    assert error.errno == errno.EBADF, f"EBADF is wanted, not {error!r}"
                else:
                    raise AssertionError("an fd that is not open is accepted")
            assert bench.poll() == {}, "an fd that was refused is reported"

    bench.in_hub(body)


@_check
def a_regular_file_is_ready_or_refused(bench: Bench) -> None:
    """Regular files are always ready, or PermissionError."""

    def body(hub: BaseHub) -> None:
        with tempfile.TemporaryFile() as file:
            try:
                hub.set_interest(file.fileno(), READABLE)
            except PermissionError:
                return
            bench.poll_for(file.fileno(), READABLE, "a regular file, neither refused nor ready")
            hub.set_interest(file.fileno(), 0)

    bench.in_hub(body)


@_check
def closing_behind_the_hubs_back_does_no_harm(bench: Bench) -> None:
    """An fd that is closed without a word breaks no poll, polled before or not; its number can be used again."""

    def body(hub: BaseHub) -> None:
        with pair() as (left, _), pair() as (other, peer):
            for polled in (False, True):
                fd = os.dup(left.fileno())
                hub.set_interest(fd, READABLE)
                if polled:
                    bench.poll()
                os.close(fd)
                found = set(bench.poll()) - {fd}
                assert not found, f"one fd was closed, and others are reported: {found}"
                quietly(hub.set_interest, fd, 0)
                assert bench.poll() == {}, "a closed and forgotten fd is reported"
                os.dup2(other.fileno(), fd)
                try:
                    hub.set_interest(fd, READABLE)
                    peer.send(b"x")
                    bench.poll_for(fd, READABLE, "a number that is used again")
                    other.recv(9)
                    hub.set_interest(fd, 0)
                finally:
                    os.close(fd)

    bench.in_hub(body)


@_check
def a_number_used_again_is_not_reported_for_the_old_file(bench: Bench) -> None:
    """Only with `knows_files`: the watch ends when the file is closed, whatever has its number next."""

    def body(hub: BaseHub) -> None:
        if not hub.knows_files:
            return
        with pair() as (other, peer):
            left, right = _pristine.socket.socketpair()
            fd = left.fileno()
            hub.set_interest(fd, READABLE)
            bench.poll()
            left.close()
            os.dup2(other.fileno(), fd)
            try:
                peer.send(b"x")
                assert not bench.poll().get(fd, 0), "it is said to know files, and takes another one for the old"
            finally:
                os.close(fd)
                right.close()

    bench.in_hub(body)


@_check
def forgetting_what_is_not_watched_does_no_harm(bench: Bench) -> None:
    """`set_interest(fd, 0)` of an unknown fd does nothing, or raises OSError, ValueError or KeyError."""

    def body(hub: BaseHub) -> None:
        with pair() as (left, right), pair() as (other, peer):
            hub.set_interest(other.fileno(), READABLE)
            quietly(hub.set_interest, left.fileno(), 0)
            quietly(hub.set_interest, left.fileno(), 0)
            peer.send(b"x")
            bench.poll_for(other.fileno(), READABLE, "an fd that was not the one to forget")
            other.recv(9)
            hub.set_interest(left.fileno(), READABLE)
            right.send(b"x")
            bench.poll_for(left.fileno(), READABLE, "an fd that was forgotten before it was watched")

    bench.in_hub(body)


@_check
def lasting_interest_reports_changes(bench: Bench) -> None:
    """Only with `edge_triggered`: each change is reported once, `again` repeats it, and refuses another file."""
    if not bench.hub_class.edge_triggered:
        return

    def body(hub: BaseHub) -> None:
        with pair() as (left, right), pair() as (other, _):
            fd = os.dup(left.fileno())
            try:
                _watch_for_good(bench, hub, fd, right)
                os.dup2(other.fileno(), fd)
                try:
                    hub.set_lasting_interest(fd, again=True)
                except OSError:
                    return
                raise AssertionError("`again` accepts another file than was registered")
            finally:
                quietly(hub.set_interest, fd, 0)
                os.close(fd)

    bench.in_hub(body)


def _watch_for_good(bench: Bench, hub: BaseHub, fd: int, peer: socket.socket) -> None:
    hub.set_lasting_interest(fd)
    assert bench.poll(bench.patience).get(fd, 0) & WRITABLE, "being writable at first is not reported"
    assert bench.poll() == {}, "without a change, it is reported again"
    for data in (b"x", b"y"):
        peer.send(data)
        assert bench.poll(bench.patience).get(fd, 0) & READABLE, "what came is not reported"
        assert bench.poll() == {}, "without a change, it is reported again"
    hub.set_lasting_interest(fd, again=True)
    assert bench.poll(bench.patience).get(fd, 0) & BOTH == BOTH, "`again` does not repeat what is ready"


@_check
def a_host_can_wait_for_its_fileno(bench: Bench) -> None:
    """Only with `fileno`: it is readable while there are events, and not while there are none."""
    hub_class = bench.hub_class
    if hub_class.fileno is BaseHub.fileno or hub_class.run_once is not BaseHub.run_once:
        return  # it has none, or a loop of its own that drives it
    with bench.installed() as hub, pair() as (left, right):
        reader = greenthread.spawn(trampoline, left, read=True)
        hub.run_once()
        hub.run_once()
        readable = partial(_pristine.select.select, [hub.fileno()], [], [])
        assert not readable(0)[0], "its fileno() is readable, and there are no events"
        right.send(b"x")
        assert readable(bench.patience)[0], "its fileno() is not readable, and there are events"
        hub.run_once()
        hub.run_once()
        assert reader.dead, "its fileno() is readable, and run_once() wakes nobody"


@_check
def closing_releases_everything(bench: Bench) -> None:
    """A hub that is closed leaves no fd behind. (The first one may leave what the process keeps for all.)"""
    directory = "/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"
    counts = []
    gc.collect()  # what is closed by and by is none of the hub's
    with pair() as (left, right):

        def body(hub: BaseHub) -> None:
            hub.set_interest(left.fileno(), READABLE)
            bench.poll()
            hub.set_interest(right.fileno(), BOTH)

        for _ in range(4):
            bench.in_hub(body)
            counts.append(len(os.listdir(directory)))
    assert counts[3] <= counts[1], f"open fds after each of four hubs: {counts}"


@_check
def a_forked_child_begins_anew(bench: Bench) -> None:
    """`after_fork` leaves nothing watched in the child, and the parent's hub as it was."""
    if not hasattr(os, "fork"):
        return

    def body(hub: BaseHub) -> None:
        with pair() as (left, right):
            fd = left.fileno()

            def child() -> None:
                right.send(b"x")
                assert bench.poll() == {}, "in a forked child something is still watched"
                hub.set_interest(fd, READABLE)
                bench.poll_for(fd, READABLE, "in a forked child")
                hub.set_interest(fd, 0)
                hub.close()

            hub.set_interest(fd, READABLE)
            bench.poll()
            _in_child(child, bench.patience)
            bench.poll_for(fd, READABLE, "in the parent, after a forked child has closed its hub")

    bench.in_hub(body)


def _in_child(function: Callable[[], object], patience: float) -> None:
    """Call `function` in a forked child, where a hub of the thread is told of the fork; fail if it fails."""
    import traceback

    read_end, write_end = os.pipe()
    with warnings.catch_warnings():
        # From Python 3.12: "this process is multi-threaded". The other threads wait, and the child ends soon.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(int(patience) + 2)  # the end, if it hangs
            function()
        except BaseException:
            os.write(write_end, traceback.format_exc().encode()[-4000:])
        else:
            os.write(write_end, b"done")
        finally:
            os._exit(0)
    os.close(write_end)
    outcome = ""
    while said := os.read(read_end, 4096):
        outcome += said.decode(errors="replace")
    os.close(read_end)
    os.waitpid(child, 0)
    assert outcome == "done", f"in a forked child: {outcome or 'it hangs, or has died'}"


@_check
def green_threads_run_on_it(bench: Bench) -> None:
    """Timers fire in order, waits end with data or by timeout, and killing leaves nothing behind."""
    with bench.installed() as hub:
        order: list[int] = []
        now = hub.clock()
        for number in (3, 1, 2):
            hub.call_at(now + number * 0.002, partial(order.append, number))
        while len(order) < 3:
            greenthread.sleep(0.001)
        assert order == [1, 2, 3], f"timers fired in the order {order}"
        with pair() as (left, right):
            reader = greenthread.spawn(trampoline, left, read=True)
            greenthread.sleep(0)
            right.send(b"x")
            reader.wait()
            left.recv(9)
            try:
                trampoline(left, read=True, timeout=0.002)
            except Timeout:
                pass
            else:
                raise AssertionError("a wait without data ended before its timeout")
            killed = greenthread.spawn(trampoline, left, read=True)
            greenthread.sleep(0)
            killed.kill()
            assert hub.get_readers() == [], "a killed reader is still waited for"
            right.send(b"x")
            trampoline(left, read=True)


@_check
def another_thread_wakes_it(bench: Bench) -> None:
    """A hub that sleeps is woken by `call_soon` of another OS thread, each time."""
    with bench.installed() as hub:
        current = getcurrent()
        for _ in range(20):
            timer = _timer(0.001, partial(hub.call_soon, current.switch))
            timer.start()
            hub.switch()
            timer.join()


@_check
def another_thread_may_close_what_is_waited_for(bench: Bench) -> None:
    """`notify_close` from another OS thread ends a wait, although the hub sleeps."""
    with bench.installed() as hub, pair() as (left, _):
        fd = left.fileno()

        def close() -> None:
            while not hub.get_readers():
                _pristine.time.sleep(0.001)
            _pristine.time.sleep(0.001)  # so that it sleeps by now, mostly
            hub.notify_close(fd)

        timer = _timer(0, close)
        timer.start()
        try:
            trampoline(left, read=True)
        except OSError as error:
            assert error.errno == errno.EBADF, f"EBADF is wanted, not {error!r}"
        else:
            raise AssertionError("the wait ended as if there were something to read")
        timer.join()


def _timer(seconds: float, call: Callable[[], object]) -> Any:
    return _pristine.original("threading").Timer(seconds, call)
