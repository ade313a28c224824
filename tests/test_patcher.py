"""patcher's ways to make copies of modules. monkey_patch itself is tested in tests/isolated."""

import socket
import sys
import textwrap
import threading
import time

import pytest

import eventlet
from eventlet import patcher
from eventlet.green import socket as green_socket
from eventlet.green import time as green_time
from tests.helpers import settle


@pytest.fixture
def write(tmp_path, monkeypatch):
    """`write(name, source)` makes a module; it is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def write(name, source):
        path = tmp_path.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))

    yield write
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


class TestImportPatched:
    def test_the_copy_is_green_and_the_module_is_not(self, write):
        write("plain.py", "import socket, time\nfrom time import sleep\n")
        copy = eventlet.import_patched("plain")
        import plain

        assert copy is not plain
        assert copy is eventlet.import_patched("plain")
        assert copy.socket is green_socket
        assert copy.time is green_time
        assert copy.sleep is green_time.sleep
        assert plain.socket is socket
        assert plain.time is time
        assert sys.modules["plain"] is plain

    def test_nothing_is_left_in_the_module_table(self, write):
        write("lonely.py", "import socket")
        before = dict(sys.modules)
        patcher.import_patched("lonely")
        assert {name: module for name, module in sys.modules.items() if before.get(name) is not module} == {}

    def test_imports_within_functions_are_green_too(self, write):
        write("late.py", "def f():\n    import socket\n    from urllib import request\n    return socket, request\n")
        from eventlet.green.urllib import request

        assert patcher.import_patched("late").f() == (green_socket, request)

    def test_the_whole_package_is_copied(self, write):
        write("pack/__init__.py", "from . import inner\nfrom .other import x\nimport pack.third\nimport json\n")
        write("pack/inner.py", "import http.client, time\nfrom .deep.deeper import y\nfrom pack import __path__ as p")
        write("pack/other.py", "from time import sleep as x\nimport pack")
        write("pack/third.py", "import socket as s")
        write("pack/deep/__init__.py", "")
        write("pack/deep/deeper.py", "from select import select as y")
        from eventlet.green import select
        from eventlet.green.http import client

        copy = patcher.import_patched("pack")
        assert copy.inner.http.client is client
        assert copy.inner.time is green_time
        assert copy.x is green_time.sleep
        assert copy.third.s is green_socket
        assert copy.inner.y is select.select
        assert copy.other.pack is copy
        assert copy.json is __import__("json")
        assert patcher.import_patched("pack.inner") is copy.inner
        import pack

        assert pack is not copy
        assert pack.inner is not copy.inner
        assert pack.third.s is socket

    def test_other_modules_in_place_of_the_green_ones(self, write):
        write("replaced.py", "import time, socket")
        import fractions

        copy = patcher.import_patched("replaced", ("time", fractions))
        assert copy.time is fractions
        assert copy.socket is green_socket
        assert patcher.import_patched("replaced", time=fractions).time is fractions

    def test_a_submodule_of_an_ordinary_package_replaced(self, write):
        write("sub.py", "import xml.dom, xml.sax\nfrom xml import sax\nfrom xml.dom import minidom\n")
        import fractions
        import xml.dom

        copy = patcher.import_patched("sub", ("xml.sax", fractions))
        assert copy.xml.sax is copy.sax is fractions
        assert copy.xml.dom is xml.dom
        assert copy.minidom.__name__ == "xml.dom.minidom"

    def test_standard_modules(self, hub, spawn):
        smtplib = patcher.import_patched("smtplib")
        import smtplib as standard

        assert smtplib is not standard
        assert smtplib.socket is green_socket
        assert smtplib.SMTP is patcher.import_patched("smtplib").SMTP
        assert patcher.import_patched("socket") is green_socket

    def test_dataclasses_and_enums_work(self, write):
        write(
            "classes.py",
            """
            from __future__ import annotations
            from dataclasses import dataclass
            from enum import IntEnum
            import signal

            @dataclass
            class Point:
                x: int = 0

            A = 5
            IntEnum._convert_("Letter", __name__, lambda name: name == "A")
            """,
        )
        copy = patcher.import_patched("classes")
        assert copy.Point(1).x == 1
        assert copy.Letter.A == 5

    def test_errors(self, write):
        write("broken.py", "import no_such_module")
        for name in ("broken", "no_such_module", "json.nothing"):
            with pytest.raises(ModuleNotFoundError):
                patcher.import_patched(name)
        write("broken.py", "x = 1")
        import importlib

        importlib.invalidate_caches()

    @pytest.mark.parametrize("pair", ["time", ("time",), ("time", None), ("time", threading, 1), (5, threading), None])
    def test_bad_arguments_are_errors_at_the_call(self, pair):
        loaded = set(sys.modules)
        for call in (patcher.import_patched, lambda *pairs: patcher.inject(*pairs[:1], {}, *pairs[1:])):
            with pytest.raises(TypeError, match="pairs of name and module"):
                call("fractions", pair)
        with pytest.raises(TypeError, match="pairs of name and module"):
            patcher.patch_function(len, pair)
        assert set(sys.modules) == loaded

    @pytest.mark.parametrize("name", [None, 5, b"socket", socket])
    def test_a_name_is_a_string(self, name):
        for call in (patcher.import_patched, patcher.original, lambda name: patcher.inject(name, {})):
            with pytest.raises(TypeError, match="name of a module is a string"):
                call(name)
        with pytest.raises(TypeError, match="name of a module is a string"):
            patcher.register_auto(name, len)
        assert not patcher.is_monkey_patched(name)  # never an error

    def test_what_is_no_function_and_no_dictionary(self):
        for function in (5, None):
            with pytest.raises(TypeError, match="function"):
                patcher.register_auto("no_such_module", function)
            with pytest.raises(TypeError, match="functions"):
                patcher.patch_function(function)
        for path in ("nothing", ":nothing", "nothing:"):
            with pytest.raises(ValueError, match="package.module:function"):
                patcher.register_auto("no_such_module", path)
        with pytest.raises(TypeError, match="dictionary"):
            patcher.inject("fractions", [])

    def test_what_is_written_in_c_is_the_ordinary_module(self):
        import math

        assert patcher.import_patched("math") is math

    def test_circles(self, write):
        write("circle/__init__.py", "from circle.a import A\n")
        write("circle/a.py", "import circle.b\nclass A: pass\n")
        write("circle/b.py", "import circle.a as a\nfrom circle import a as again\n")
        copy = patcher.import_patched("circle")
        assert copy.A is copy.b.a.A


class TestInject:
    def test_names_are_copied(self, write):
        write("injected.py", "import time, socket\nname = 1\nother = 2\n")
        import fractions

        namespace = {"name": "mine"}
        module = patcher.inject("injected", namespace, ("time", fractions))
        assert namespace["name"] == "mine"
        assert namespace["other"] == 2
        assert namespace["time"] is fractions is module.time
        assert module.socket is socket
        assert patcher.inject("injected", None).socket is green_socket

    def test_upstream_s_green_threading(self, hub):
        from eventlet.green import thread

        namespace = {"__name__": "mine"}
        patcher.inject("threading", namespace, ("_thread", thread), ("time", green_time))
        ran = []
        one = namespace["Thread"](target=ran.append, args=(1,))
        one.start()
        one.join()
        assert ran == [1]
        assert namespace["__name__"] == "mine"
        assert namespace[
            "_start_new_thread" if "_start_new_thread" in namespace else "_start_joinable_thread"
        ].__module__ == ("eventlet.green.thread")
        settle()

    def test_slurp_properties(self):
        destination = {}
        patcher.slurp_properties(time, destination, ignore=["time"])
        assert destination["sleep"] is time.sleep
        assert "time" not in destination
        destination = {}
        patcher.slurp_properties(time, destination, srckeys=["sleep"])
        assert destination == {"sleep": time.sleep}


class TestPatchFunction:
    def test_green_modules_during_the_call_only(self):
        def imports():
            import socket
            import time

            return socket, time

        assert patcher.patch_function(imports)() == (green_socket, green_time)
        assert imports() == (socket, time)
        assert patcher.patch_function(imports, ("time", threading))() == (socket, threading)

    def test_an_exception_puts_them_back(self):
        def fail():
            raise KeyError

        with pytest.raises(KeyError):
            patcher.patch_function(fail)()
        assert sys.modules["socket"] is socket

    def test_saver(self):
        saver = patcher.SysModulesSaver(["time", "not imported"])
        saver.save("socket")
        sys.modules["time"] = sys.modules["not imported"] = threading
        saver.restore()
        assert sys.modules["time"] is time
        assert "not imported" not in sys.modules
        assert sys.modules["socket"] is socket


class TestState:
    def test_nothing_is_patched_here(self):
        assert patcher.already_patched == {}
        assert not eventlet.is_monkey_patched("socket")
        assert not patcher.is_monkey_patched(socket)

    def test_original_without_patching(self):
        assert patcher.original("threading") is patcher.original("threading") is not threading
        assert patcher.original("time").sleep is time.sleep
        assert patcher.original("math") is __import__("math")
