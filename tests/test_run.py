"""`python -m eventlet script.py` and `-m module`: the same program, run by Python alone, says what is right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import zipfile

import pytest

from eventlet.hubs import available_hubs
from tests.helpers import ROOT, SOME_SECONDS

INSPECT = """
import os, sys
import beside
main = sys.modules["__main__"]
assert main.__dict__ is globals()
print(__name__, sys.argv, sys.path[0] == os.path.dirname(os.path.realpath(__file__)) or sys.path[0])
print(__file__, __package__, __spec__ and __spec__.name, __doc__, type(__loader__).__name__)
print(sorted(name for name in globals() if name not in ("__cached__", "__conditional_annotations__")))
import pickle
class Thing: pass
assert type(pickle.loads(pickle.dumps(Thing()))) is Thing
"""


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "beside.py").write_text("")
    return tmp_path


def write(directory, source, name="program.py"):
    path = directory / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(textwrap.dedent(source))
    return path


def environment(**more):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("EVENTLET_", "PYTHON"))}
    return {**inherited, "PYTHONPATH": str(ROOT), **more}


def run(*arguments, directory, options=(), **kwargs):
    return subprocess.run(
        [sys.executable, *options, *arguments],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **kwargs,
    )


def check_same(*arguments, directory, options=(), status=None, **kwargs):
    """Run a program with and without us; return what both did. They must not differ."""
    plain = run(*arguments, directory=directory, options=options, **kwargs)
    ours = run("-m", "eventlet", *arguments, directory=directory, options=options, **kwargs)
    assert (ours.returncode, ours.stdout, ours.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    if status is not None:
        assert ours.returncode == status
    return ours


class TestAsPlainPython:
    @pytest.mark.parametrize("options", [(), ("-B", "-W", "error")], ids=repr)
    @pytest.mark.parametrize("arguments", [(), ("-m", "--hub", "x", "")], ids=repr)
    def test_a_script(self, directory, arguments, options):
        write(directory, '"""Words."""\n' + INSPECT)
        said = check_same("program.py", *arguments, directory=directory, options=options, status=0)
        assert "__main__ ['program.py'" in said.stdout

    def test_a_script_elsewhere_by_a_link(self, directory):
        write(directory, INSPECT, "sub/program.py")
        write(directory, "", "sub/beside.py")
        os.symlink("sub/program.py", directory / "link.py")
        # Python follows the link for sys.path[0] only.
        assert " True\n" not in check_same("link.py", directory=directory, status=0).stderr
        check_same(str(directory / "sub" / "program.py"), directory=directory, status=0)

    def test_a_module(self, directory):
        write(directory, INSPECT)
        check_same("-m", "program", "a", "-m", directory=directory, status=0)
        check_same("-mprogram", "a", directory=directory, status=0)

    def test_a_module_of_a_package(self, directory):
        write(directory, "", "package/__init__.py")
        write(directory, INSPECT + "from . import other\n", "package/program.py")
        write(directory, "", "package/other.py")
        write(directory, INSPECT, "package/__main__.py")
        check_same("-m", "package.program", "a", directory=directory, status=0)
        check_same("-m", "package", directory=directory, status=0)

    def test_a_directory_and_an_archive(self, directory):
        write(directory, "import sys; print(sys.argv, sys.path[0], __file__, __spec__.name)", "app/__main__.py")
        check_same("app", "x", directory=directory, status=0)
        with zipfile.ZipFile(directory / "app.zip", "w") as archive:
            archive.write(directory / "app" / "__main__.py", "__main__.py")
        check_same("app.zip", "x", directory=directory, status=0)

    def test_compiled(self, directory):
        import py_compile

        path = write(directory, "import sys; print(__file__, sys.argv)")
        py_compile.compile(str(path), cfile=str(directory / "compiled.pyc"))
        check_same("compiled.pyc", directory=directory, status=0)

    @pytest.mark.parametrize(
        ("source", "status"),
        [
            ("import sys; sys.exit()", 0),
            ("import sys; sys.exit(7)", 7),
            ("import sys; sys.exit('a message')", 1),
            ("raise SystemExit(None)", 0),
            ("import os; os._exit(9)", 9),
            ("import atexit; atexit.register(print, 'at exit'); print('main')", 0),
            ("1/0", 1),
            ("def f(): 1/0\ntry: f()\nexcept ZeroDivisionError as e: raise ValueError('x') from e", 1),
            ("raise BaseException('base')", 1),
            ("class E(Exception):\n    def __str__(self): 1/0\nraise E", 1),
            ("syntax error", 1),
            ("import missing_module", 1),
            ("import sys\nsys.excepthook = lambda *a: print('hook', a[0], a[2].tb_lineno)\n\n1/0", 1),
            ("raise KeyboardInterrupt", None),
            ("# -*- coding: latin-1 -*-\nprint(ascii('\\xe9'))", 0),
            ("import threading\nthreading.Thread(target=lambda: print('in a thread')).start()", 0),
            ("from dataclasses import dataclass\n@dataclass\nclass A:\n    x: 'int' = 1\nprint(A())", 0),
        ],
    )
    @pytest.mark.parametrize("how", [("program.py",), ("-m", "program")], ids=["script", "module"])
    def test_how_it_ends(self, directory, source, status, how):
        write(directory, source)
        check_same(*how, directory=directory, status=status)

    @pytest.mark.parametrize(
        "arguments", [("missing.py",), ("-m", "missing"), ("-m", "beside.x"), ("sub",)], ids=repr
    )
    def test_what_is_not_there(self, directory, arguments):
        (directory / "sub").mkdir()
        ours = run("-m", "eventlet", *arguments, directory=directory)
        plain = run(*arguments, directory=directory)
        assert ours.returncode == plain.returncode != 0
        assert ours.stderr.splitlines()[0] == plain.stderr.splitlines()[0]

    def test_the_standard_input_is_the_programs(self, directory):
        write(directory, "import sys; print(sys.stdin.read().upper())")
        assert check_same("program.py", directory=directory, input="words").stdout == "WORDS\n"

    def test_multiprocessing_finds_the_program(self, directory):
        write(
            directory,
            """
            import multiprocessing
            def work(pipe):
                pipe.send("from the child")
            if __name__ == "__main__":
                context = multiprocessing.get_context("spawn")
                here, there = context.Pipe()
                process = context.Process(target=work, args=(there,))
                process.start()
                print(here.recv())
                process.join()
            """,
        )
        assert check_same("program.py", directory=directory, status=0).stdout == "from the child\n"


class TestPatching:
    SHOW = """
        from eventlet import patcher
        print(sorted(patcher.already_patched))
        import time, eventlet
        eventlet.spawn(print, "others run")
        time.sleep(0.001)
    """

    def test_everything_before_the_program_by_default(self, directory):
        write(directory, self.SHOW)
        said = run("-m", "eventlet", "program.py", directory=directory)
        assert said.stderr == ""
        assert "'os', 'select', 'socket', 'subprocess', 'thread', 'time'" in said.stdout
        assert "others run" in said.stdout

    @pytest.mark.parametrize(
        ("names", "patched"),
        [("none", "[]"), ("time,socket", "['socket', 'time']"), ("all, builtins", "'builtins'"), ("auto", "'thread'")],
    )
    def test_some(self, directory, names, patched):
        write(directory, self.SHOW)
        for option in ([f"--patch={names}"], ["--patch", names]):
            said = run("-m", "eventlet", *option, "program.py", directory=directory)
            assert said.stderr == ""
            assert patched in said.stdout.splitlines()[0]
            assert ("others run" in said.stdout) is (names != "none")

    @pytest.mark.parametrize("name", available_hubs())
    def test_the_hub(self, directory, name):
        write(
            directory,
            """
            import threading, eventlet
            from eventlet import hubs, patcher
            print(hubs.get_hub().name)
            eventlet.sleep(0.001)
            seen = []
            thread = patcher.original("threading").Thread(target=lambda: seen.append(hubs.get_hub().name))
            thread.start(); thread.join()
            print(*seen)
            """,
        )
        for option in ([f"--hub={name}"], ["--hub", name]):
            said = run("-m", "eventlet", *option, "program.py", directory=directory)
            assert (said.stdout.split(), said.stderr) == ([name, name], "")

    def test_help(self, directory):
        said = run("-m", "eventlet", "--help", directory=directory)
        assert said.returncode == 0
        assert "usage: python -m eventlet [--hub NAME]" in said.stdout

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((), "there is nothing to run"),
            (("--patch", "nonsense", "x.py"), "monkey_patch() does not know nonsense"),
            (("--hub", "nonsense", "x.py"), "unknown hub 'nonsense'"),
            (("--hub",), "--hub needs a value"),
            (("-m",), "-m needs a value"),
            (("--what", "x.py"), "there is no option --what"),
        ],
        ids=repr,
    )
    def test_errors_of_the_command_line(self, directory, arguments, message):
        said = run("-m", "eventlet", *arguments, directory=directory)
        assert said.returncode == 2
        assert said.stderr.startswith("python -m eventlet: ")
        assert message in said.stderr
        assert said.stdout == ""


@pytest.mark.parametrize("how", [[], ["program.py"], ["-m", "program"]], ids=["plain", "script", "module"])
@pytest.mark.parametrize("wait", ["time.sleep(1000)", "os.read(os.pipe()[0], 1)", "threading.Event().wait()"])
def test_ctrl_c(directory, how, wait):
    """It ends the program as it ends every Python program: with a traceback, by the signal."""
    write(directory, f"import os, time, threading\nprint('ready', flush=True); {wait}\n")
    process = subprocess.Popen(
        [sys.executable, *(["-m", "eventlet", *how] if how else ["program.py"])],
        cwd=directory,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=SOME_SECONDS)
    assert process.returncode == -signal.SIGINT
    assert errors.endswith("KeyboardInterrupt\n")
    assert "_cli" not in errors
    assert 'program.py", line 2, in <module>' in errors
