"""`eventlet.testing.hub_contract` finds out whatever breaks the contract. (tests/hubs/test_contract.py: our hubs.)"""

from __future__ import annotations

import os
import select
import stat

import pytest

from eventlet.hubs import epolls, poll
from eventlet.hubs.hub import READABLE, WRITABLE, BaseHub
from eventlet.testing import hub_contract
from tests.helpers import check_python, run_python


class NotAHub:
    pass


class WithoutPoll(BaseHub):
    name = "without"


class ForgetsTheClock(poll.Hub):
    def __init__(self, clock=None):
        super().__init__()


class KeepsItsFds(poll.Hub):
    kept = []

    def __init__(self, clock=None):
        super().__init__(clock)
        self.kept += [os.open(os.devnull, os.O_RDONLY) for _ in range(10)]


class DoesNotClose(poll.Hub):
    def close(self):
        pass


class RoundsDown(poll.Hub):
    def do_poll(self, seconds):
        return self._poller.poll(None if seconds is None else int(seconds * 1000))


class ReportsOnce(poll.Hub):
    def do_poll(self, seconds):
        found = super().do_poll(seconds)
        for fd, _ in found:
            self._poller.modify(fd, 0)
        return found


class InventsEvents(poll.Hub):
    def do_poll(self, seconds):
        return [*super().do_poll(seconds), (1000, 1)]


class ConfusesDirections(poll.Hub):
    def do_poll(self, seconds):
        return [(fd, 5) for fd, events in super().do_poll(seconds)]


class WritableForEver(poll.Hub):
    def do_poll(self, seconds):
        super().do_poll(0)
        return [(fd, WRITABLE) for fd, events in self.wanted.items() if events & WRITABLE]

    def set_interest(self, fd, events):
        super().set_interest(fd, events)
        self.wanted[fd] = events

    wanted = {}


class OnlyAdds(poll.Hub):
    def set_interest(self, fd, events):
        self.wanted = getattr(self, "wanted", {})
        self.wanted[fd] = self.wanted.get(fd, 0) | events
        super().set_interest(fd, self.wanted[fd] if events else 0)


class NeverForgets(poll.Hub):
    def set_interest(self, fd, events):
        if events:
            super().set_interest(fd, events)


class ReportsTen(poll.Hub):
    def do_poll(self, seconds):
        return super().do_poll(seconds)[:10]


class ReportsAlwaysTheSame(poll.Hub):
    most = 1000

    def report_at_most(self, count):
        self.most = count

    def do_poll(self, seconds):
        return super().do_poll(seconds)[: self.most]


class HasNoLimit(poll.Hub):
    def report_at_most(self, count):
        pass


class IgnoresHangUps(poll.Hub):
    def do_poll(self, seconds):
        return [(fd, events) for fd, events in super().do_poll(seconds) if not events & select.POLLHUP]


class TakesClosedFds(poll.Hub):
    def set_interest(self, fd, events):
        self._poller.register(fd, events) if events else self._poller.unregister(fd)


class TakesFilesForNothing(poll.Hub):
    def set_interest(self, fd, events):
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            super().set_interest(fd, events)


class RefusesFilesInItsOwnWay(poll.Hub):
    def set_interest(self, fd, events):
        if stat.S_ISREG(os.fstat(fd).st_mode):
            raise RuntimeError("no files here")
        super().set_interest(fd, events)


class DiesOfClosedFds(poll.Hub):
    def do_poll(self, seconds):
        found = super().do_poll(seconds)
        if any(events & select.POLLNVAL for _, events in found):
            raise RuntimeError("a closed fd")
        return found


class ForgetsTooMuch(poll.Hub):
    def set_interest(self, fd, events):
        if events:
            super().set_interest(fd, events)
        else:
            self._open()


class DiesOfUnknownFds(poll.Hub):
    def set_interest(self, fd, events):
        try:
            super().set_interest(fd, events)
        except KeyError:
            raise RuntimeError("who is this?") from None


class SaysThatItKnowsFiles(poll.Hub):
    knows_files = True


class LastsOnlyInName(epolls.Hub):
    def set_lasting_interest(self, fd, again=False):
        self.set_interest(fd, READABLE | WRITABLE)


class NotAgain(epolls.Hub):
    def set_lasting_interest(self, fd, again=False):
        if not again:
            super().set_lasting_interest(fd)


class TakesAnotherFile(epolls.Hub):
    def set_lasting_interest(self, fd, again=False):
        if again:
            self.set_interest(fd, 0)
        super().set_lasting_interest(fd)


class SharesItsPollerWithChildren(poll.Hub):
    def after_fork(self):
        BaseHub.after_fork(self)


class IsClosedByItsChildren(epolls.Hub):
    def after_fork(self):
        for fd in list(self._masks):
            self._poller.unregister(fd)
        super().after_fork()


class WakesWithoutReason(poll.Hub):
    def do_poll(self, seconds):
        super().do_poll(0)
        return [(fd, READABLE) for fd in self._records]


class _DoesNotSleepForEver(poll.Hub):
    def do_poll(self, seconds):
        if seconds is not None:
            return super().do_poll(seconds)
        found = super().do_poll(5)
        if not found:
            raise RuntimeError("nobody came")  # ends the thread, which the check has long given up
        return found


class Deaf(_DoesNotSleepForEver):
    def wakeup(self):
        pass


class IgnoresCloses(_DoesNotSleepForEver):
    def notify_close(self, fileno):
        pass


class HasAnotherFileno(poll.Hub):
    def fileno(self):
        return self._waker.fd


BROKEN = [
    (NotAHub, "is_a_hub_class", "is not a subclass of BaseHub"),
    (WithoutPoll, "is_a_hub_class", r"it has no do_poll\(\)"),
    (ForgetsTheClock, "is_a_hub_class", "does not pass its clock on"),
    (DoesNotClose, "is_a_hub_class", "does not call BaseHub.close"),
    (InventsEvents, "an_idle_poll_returns_nothing", "1000"),
    (RoundsDown, "polls_are_not_too_short", "returned after"),
    (ReportsOnce, "reading_is_reported_while_there_is_something", "not reported by do_poll"),
    (ConfusesDirections, "reading_is_reported_while_there_is_something", "not reported"),
    (WritableForEver, "writing_is_reported_while_there_is_room", "a full socket is reported as writable"),
    (OnlyAdds, "interest_can_change", "asked for 4"),
    (NeverForgets, "interest_can_change", "forgotten fd is reported"),
    (ReportsTen, "many_fds_at_once", "never reported"),
    (ReportsAlwaysTheSame, "many_fds_a_few_at_a_time", "because others always are"),
    (HasNoLimit, "many_fds_a_few_at_a_time", "and here are 50"),
    (IgnoresHangUps, "a_hang_up_wakes_who_reads", "the peer has closed, and whoever reads is not told"),
    (TakesClosedFds, "a_closed_fd_is_refused", "is accepted"),
    (TakesFilesForNothing, "a_regular_file_is_ready_or_refused", "a regular file, neither refused nor ready"),
    (RefusesFilesInItsOwnWay, "a_regular_file_is_ready_or_refused", "no files here"),
    (DiesOfClosedFds, "closing_behind_the_hubs_back_does_no_harm", "a closed fd"),
    (SaysThatItKnowsFiles, "a_number_used_again_is_not_reported_for_the_old_file", "takes another one for the old"),
    (ForgetsTooMuch, "forgetting_what_is_not_watched_does_no_harm", "an fd that was not the one to forget"),
    (DiesOfUnknownFds, "forgetting_what_is_not_watched_does_no_harm", "who is this"),
    (LastsOnlyInName, "lasting_interest_reports_changes", "without a change, it is reported again"),
    (NotAgain, "lasting_interest_reports_changes", "`again` does not repeat"),
    (TakesAnotherFile, "lasting_interest_reports_changes", "accepts another file"),
    (HasAnotherFileno, "a_host_can_wait_for_its_fileno", r"its fileno\(\) is not readable"),
    (KeepsItsFds, "closing_releases_everything", "open fds after"),
    (SharesItsPollerWithChildren, "a_forked_child_begins_anew", "in a forked child something is still watched"),
    (IsClosedByItsChildren, "a_forked_child_begins_anew", "in the parent"),
    (WakesWithoutReason, "green_threads_run_on_it", "ended before its timeout"),
    (Deaf, "another_thread_wakes_it", r"another_thread_wakes_it hangs: after 1 seconds it is still at\n  File"),
    (IgnoresCloses, "another_thread_may_close_what_is_waited_for", r"hangs: after 1 seconds it is still at\n  File"),
]
#: The hubs that keep a check waiting for what never comes, and the time to give it.
PATIENT = [HasAnotherFileno, IgnoresHangUps, TakesFilesForNothing, ForgetsTooMuch, NotAgain, IsClosedByItsChildren]
SECONDS = {**dict.fromkeys((Deaf, IgnoresCloses), 1), **dict.fromkeys(PATIENT, 3)}


@pytest.mark.parametrize(("hub_class", "check", "message"), BROKEN, ids=lambda value: getattr(value, "__name__", None))
def test_a_broken_hub_is_found_out(hub_class, check, message):
    if issubclass(hub_class, epolls.Hub) and not epolls.is_available():
        pytest.skip("no epoll here, which this hub would break")
    (check,) = [one for one in hub_contract.CHECKS if one.__name__ == check]
    seconds = hub_contract.SECONDS
    if hub_class in SECONDS:
        seconds = SECONDS[hub_class]
        message += "|hangs: after"  # how it ends on a machine that is very busy
    with pytest.raises((AssertionError, RuntimeError), match=message):
        check(hub_class, seconds)
    for fd in KeepsItsFds.kept:
        os.close(fd)
    KeepsItsFds.kept.clear()


def test_each_check_has_failed_above():
    assert {check for _, check, _ in BROKEN} == {check.__name__ for check in hub_contract.CHECKS}


def test_run_does_all_of_them_and_names_the_one_that_fails():
    with pytest.raises(AssertionError, match=r"polls_are_not_too_short: do_poll\(0.0001\) returned after"):
        hub_contract.run(RoundsDown)
    assert check_python("""
        from eventlet.hubs.poll import Hub
        from eventlet.testing import hub_contract
        hub_contract.run(Hub, seconds=50)
        print("kept")
    """) == "kept\n"


def test_it_is_of_use_in_a_patched_program():
    assert check_python("""
        import eventlet
        eventlet.monkey_patch()
        from eventlet.hubs.poll import Hub
        from eventlet.testing import hub_contract
        hub_contract.run(Hub)
        print("kept")
    """) == "kept\n"


def test_without_assertions_it_does_not_say_that_all_is_well():
    done = run_python("""
        import subprocess, sys
        code = "from eventlet.testing.hub_contract import run; from eventlet.hubs.poll import Hub; run(Hub)"
        sys.exit(subprocess.run([sys.executable, "-O", "-c", code]).returncode)
    """)
    assert done.returncode == 1
    assert "run Python without -O" in done.stderr
