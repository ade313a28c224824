"""Runs one of CPython's test modules in this interpreter, which may be patched first.

Usage: python -m tests.stdlib._worker MODULE REPORT SKIPPED (patched | unpatched). What happens is appended to the
file REPORT, a JSON list a line: ["start" | outcome, test id, details], and ["end", module, ""] at the end. Tests whose
ids are lines of the file SKIPPED are not run. A module, or class, that is skipped as a whole is reported as one test.
"""

import os
import sys

process, write, patched = os.getpid(), os.write, sys.argv[4] == "patched"
if patched:
    import eventlet

    eventlet.monkey_patch()

import faulthandler  # noqa: E402
import json  # noqa: E402
import unittest  # noqa: E402

#: Want the resource "network" for all of their tests, most of which need only the loopback interface.
LOOPBACK = {"test_socketserver", "test_timeout"}


class Report(unittest.TestResult):
    """Writes each outcome at once: the interpreter may hang or crash in the next test."""

    def __init__(self, fd):
        super().__init__()
        self.fd = fd
        self.outcomes = {}

    def say(self, *line):
        if os.getpid() == process:  # a forked child may get here
            write(self.fd, json.dumps(line).encode() + b"\n")

    def startTest(self, test):
        super().startTest(test)
        self.say("start", test.id(), "")
        self.outcomes[test.id()] = ("passed", "")

    def stopTest(self, test):
        super().stopTest(test)
        outcome, details = self.outcomes.pop(test.id(), ("failed", "?"))
        self.say(outcome, test.id(), details[-3000:])

    def addError(self, test, error):
        self._failed(test, error)

    def addFailure(self, test, error):
        self._failed(test, error)

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self._failed(test, error)

    def addUnexpectedSuccess(self, test):
        self.outcomes[test.id()] = ("failed", "unexpected success")

    def addSkip(self, test, reason):
        if test.id() in self.outcomes:
            self.outcomes[test.id()] = ("skipped", str(reason))
        else:  # setUpClass, setUpModule; before Python 3.12.1 also each test of a class that is skipped
            self.say("skipped", test.id(), str(reason))

    def _failed(self, test, error):
        details = self._exc_info_to_string(error, test)
        if test.id() in self.outcomes:
            self.outcomes[test.id()] = ("failed", details)
        else:  # setUpClass, setUpModule
            self.say("failed", test.id(), details[-3000:])


def without(suite, skipped):
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(without(test, skipped))
        elif test.id() not in skipped:
            kept.addTest(test)
    return kept


def stay_on_loopback(module):
    """Skip the tests of `module` that talk to the internet, though the resource "network" is there.

    The same patched and unpatched. What is left of test_timeout asks for the address of a public host only for the
    tests that are skipped here.
    """
    from test.support import socket_helper

    def no_internet(*arguments, **keywords):
        raise unittest.SkipTest("needs the internet")

    socket_helper.transient_internet = no_internet
    if hasattr(module, "resolve_address"):
        module.resolve_address = lambda host, port: (socket_helper.HOST, port)


def main():
    faulthandler.enable()
    name, report_file, skipped_file = sys.argv[1:4]
    sys.argv[1:] = []
    from test import support

    support.use_resources = ["cpu", "subprocess", "walltime"]
    if name in LOOPBACK:
        support.use_resources.append("network")
    support.verbose = 0
    fd = os.open(report_file, os.O_WRONLY | os.O_APPEND)
    with open(skipped_file, encoding="utf-8") as lines:
        skipped = set(lines.read().split("\n"))
    report = Report(fd)
    module = f"test.{name}"
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(module)
    except unittest.SkipTest as reason:
        report.say("skipped", module, str(reason))
    else:
        if name in LOOPBACK:
            stay_on_loopback(sys.modules[module])
        without(suite, skipped).run(report)
    report.say("end", module, "")


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # what a test left running is no concern of ours
