"""Which hub a thread gets."""

from __future__ import annotations

import importlib
import sys
import types

import pytest

from eventlet import hubs
from eventlet.greenthread import sleep, spawn
from eventlet.hubs import HubError, _current, get_default_hub, get_hub, use_hub
from eventlet.hubs import poll as poll_module
from eventlet.hubs.hub import BaseHub
from tests.helpers import OSThread, check_python, open_fds, run_python

HERE = {name: f"eventlet.hubs.{name}" for name in ("epolls", "kqueue", "poll", "selects", "libuv", "libev")}


class CustomHub(poll_module.Hub):
    pass


class Outer:
    class Hub(poll_module.Hub):
        pass


@pytest.fixture
def in_thread():
    """Run a function in an OS thread, which has no hub yet, and return its result."""
    return lambda function, *args: OSThread(function, *args).join()


def chosen(choice):
    """Choose a hub, run on it, and return its class."""
    use_hub(choice)
    hub = get_hub()
    sleep(0)
    return type(hub)


@pytest.mark.parametrize("name", list(HERE))
def test_by_name(in_thread, name):
    if name not in hubs.available_hubs():
        pytest.skip(f"no {name} here")
    hub_class = in_thread(chosen, name)
    assert hub_class is importlib.import_module(HERE[name]).Hub
    assert hub_class.name == name


@pytest.mark.parametrize(("alias", "name"), list(_current.ALIASES.items()))
def test_by_alias(in_thread, alias, name):
    if name not in hubs.available_hubs():
        pytest.skip(f"no {name} here")
    assert in_thread(chosen, alias).name == name


def test_by_path(in_thread):
    assert in_thread(chosen, "eventlet.hubs.poll:Hub") is poll_module.Hub
    assert in_thread(chosen, f"{__name__}:CustomHub") is CustomHub
    assert in_thread(chosen, f"{__name__}:Outer.Hub") is Outer.Hub


def test_by_the_path_of_a_module(in_thread):
    assert in_thread(chosen, "eventlet.hubs.poll") is poll_module.Hub  # as upstream has it


def test_by_module(in_thread):
    assert in_thread(chosen, poll_module) is poll_module.Hub


def test_by_class(in_thread):
    assert in_thread(chosen, CustomHub) is CustomHub


def test_none_is_the_default(in_thread, monkeypatch):
    monkeypatch.delenv("EVENTLET_HUB", raising=False)
    assert in_thread(chosen, None) is get_default_hub().Hub
    assert in_thread(lambda: type(get_hub())) is get_default_hub().Hub


def test_none_looks_at_the_environment(in_thread, monkeypatch):
    monkeypatch.setenv("EVENTLET_HUB", " selects ")
    assert in_thread(chosen, None).name == "selects"
    monkeypatch.setenv("EVENTLET_HUB", f"{__name__}:CustomHub")
    assert in_thread(chosen, None) is CustomHub


def test_the_default_is_the_best_that_is_here():
    best = next(name for name in HERE if name in hubs.available_hubs())
    assert get_default_hub().__name__ == HERE[best]
    assert hubs.available_hubs()[0] == best


BAD_CHOICES = [
    ("nosuchhub", "unknown hub 'nosuchhub'"),
    ("no.such:Hub", "cannot be loaded"),
    ("eventlet.hubs.poll:Nothing", "cannot be loaded"),
    (":Hub", "cannot be loaded"),
    (".hubs:Hub", "cannot be loaded: a relative name"),
    ("...", "cannot be loaded: a relative name"),
    ("eventlet.hubs.poll:", "cannot be loaded"),
    ("eventlet.hubs.errors:HubError", "a name, a module or a class"),
    ("no.such.module", "no.such.module"),
    (types.ModuleType("empty"), "no class Hub"),
    (42, "not 42"),
    (object, "a name, a module or a class"),
]


@pytest.mark.parametrize(("choice", "message"), BAD_CHOICES)
def test_a_bad_choice_says_what_there_is_and_changes_nothing(hub, choice, message):
    with pytest.raises(HubError) as caught:
        use_hub(choice)

    assert message in str(caught.value)
    assert f"available here: {', '.join(hubs.available_hubs())}" in str(caught.value)
    assert get_hub() is hub
    assert not hub.is_closed()
    assert spawn(lambda: 5).wait() == 5


def test_an_unavailable_backend_says_so(hub):
    module = types.ModuleType("windows_only")
    module.is_available = lambda: False
    module.Hub = CustomHub
    with pytest.raises(HubError, match="'windows_only' is not available on this system; available here"):
        use_hub(module)
    assert get_hub() is hub


def test_a_new_choice_closes_the_old_hub_with_its_fds(in_thread):
    def change():
        before = open_fds()
        use_hub("poll")
        old = get_hub()
        sleep(0)
        use_hub("selects")
        assert old.is_closed()
        sleep(0)
        assert type(get_hub()).name == "selects"
        get_hub().close()
        return before, open_fds()

    before, after = in_thread(change)
    assert before == after


def test_a_new_choice_while_the_main_green_thread_waits_is_an_error_there(backend, in_thread):
    def change():
        use_hub(backend.Hub)
        spawn(use_hub, "selects")
        with pytest.raises(HubError, match="the hub was closed, as use_hub"):
            sleep(1)
        sleep(0.001)
        assert type(get_hub()).name == "selects"
        get_hub().close()

    in_thread(change)


def test_the_hub_of_a_thread_is_made_once(hub):
    assert get_hub() is get_hub() is hub
    assert _current.has_hub()


def test_each_os_thread_has_a_hub_of_its_own(hub, in_thread):
    def theirs():
        assert not _current.has_hub()
        return get_hub(), spawn(get_hub).wait()

    first, same = in_thread(theirs)
    second, _ = in_thread(theirs)
    assert first is same
    assert len({first, second, hub}) == 3


def test_a_choice_is_for_one_thread_only(hub, in_thread):
    in_thread(chosen, CustomHub)
    assert get_hub() is hub


def test_a_threads_hub_is_closed_when_it_ends(in_thread):
    def run_a_hub():
        spawn(sleep, 0).wait()
        return get_hub()

    before = open_fds()
    for _ in range(3):
        ended = in_thread(run_a_hub)
        assert ended.is_closed()
        del ended
    assert open_fds() == before


# ---- fresh interpreters

TELL = """
    import eventlet, eventlet.hubs
    eventlet.sleep(0)
    print(type(eventlet.hubs.get_hub()).__module__)
"""


def test_the_environment_decides_in_a_fresh_interpreter():
    assert check_python(TELL, environment={"EVENTLET_HUB": "selects"}) == "eventlet.hubs.selects\n"


def test_a_bad_name_in_the_environment_is_an_error_at_first_use():
    done = run_python(TELL, environment={"EVENTLET_HUB": "nosuchhub"})
    assert done.returncode == 1
    assert "HubError: unknown hub 'nosuchhub'; available here: " in done.stderr


@pytest.fixture
def plugin(tmp_path):
    """A path with an installed distribution that has hubs."""
    (tmp_path / "pluginhub.py").write_text(
        "from eventlet.hubs import poll\nclass Hub(poll.Hub): pass\nclass Other(poll.Hub): pass\n", "utf-8"
    )
    info = tmp_path / "pluginhub-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pluginhub\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(
        "[eventlet.hubs]\nplugged = pluginhub:Other\nplugged-module = pluginhub\nbroken = pluginhub:Nothing\n", "utf-8"
    )
    return str(tmp_path)


def test_by_entry_point(plugin):
    said = check_python(
        """
        import eventlet.hubs as hubs
        for name in ("plugged", "plugged-module"):
            hubs.use_hub(name)
            print(type(hubs.get_hub()))
        """,
        path=plugin,
    )
    assert said.splitlines() == ["<class 'pluginhub.Other'>", "<class 'pluginhub.Hub'>"]
    assert check_python(TELL, environment={"EVENTLET_HUB": "plugged"}, path=plugin) == "pluginhub\n"


def test_entry_points_are_listed_among_what_is_available_and_broken_ones_say_why(plugin):
    said = check_python(
        """
        import eventlet.hubs as hubs
        for name in ("nosuchhub", "broken"):
            try:
                hubs.use_hub(name)
            except hubs.HubError as error:
                print(error)
        """,
        path=plugin,
    ).splitlines()
    assert "plugged, plugged-module" in said[0]
    assert "'broken' cannot be loaded from 'pluginhub:Nothing'" in said[1]


def test_choosing_makes_nothing_yet():
    said = check_python(
        """
        import os, eventlet.hubs as hubs
        count = lambda: len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
        before = count()
        hubs.use_hub("selects")
        print(count() - before)
        """
    )
    assert said == "0\n"


@pytest.mark.skipif(sys.platform == "win32", reason="Unix only")
def test_a_base_hub_cannot_poll():
    with pytest.raises(NotImplementedError):
        BaseHub().do_poll(0)
