"""Green modules against the running Python's own: names, signatures, and what monkey_patch takes from them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
import warnings

import pytest

from eventlet._patching.table import COPIES, PATCHES
from eventlet._patching.world import GREEN_TWINS

WHOLE_PACKAGES = ("asyncio", "concurrent.futures", "concurrent.futures.thread")

#: Twins that nothing gets in the standard module's place.
OTHERS = ("profile",)


def modules():
    return sorted(
        {(patch.module, patch.green) for patch in PATCHES if ".green." in patch.green}
        | set(GREEN_TWINS.items())
        | {(name, f"eventlet.green.{name}") for name in (*WHOLE_PACKAGES, *OTHERS)}
    )


def load(standard_name, green_name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            standard = importlib.import_module(standard_name)
        except ModuleNotFoundError:
            with pytest.raises(ModuleNotFoundError, match=standard_name):
                importlib.import_module(green_name)
            pytest.skip(f"this Python has no {standard_name}")
        return standard, importlib.import_module(green_name)


def test_every_part_of_multiprocessing_has_a_twin():
    import multiprocessing

    names = {info.name for info in pkgutil.walk_packages(multiprocessing.__path__, "multiprocessing.")}
    assert names - {"multiprocessing.popen_spawn_win32"} == {n for n in GREEN_TWINS if n.startswith("multiprocessing.")}


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.module)
def test_what_is_patched_is_there_on_both_sides(patch):
    standard, green = load(patch.module, patch.green)
    assert [name for name in green.__patched__ if name not in vars(green)] == []
    assert [name for name in green.__patched__ if not hasattr(standard, name)] == []


SAME_MODULE = """
import importlib, pickle, sys
first, second = [importlib.import_module(f"eventlet.green.{name}") for name in sys.argv[1:]]
assert first is second
assert getattr(importlib.import_module("eventlet.green"), sys.argv[2].partition(".")[0])
for name in first.__all__:
    value = getattr(first, name)
    if isinstance(value, type):
        assert pickle.loads(pickle.dumps(value)) is value, value
"""


@pytest.mark.parametrize(
    ("name", "old_name"),
    [
        ("http.client", "httplib"),
        ("http.server", "BaseHTTPServer"),
        ("queue", "Queue"),
        ("socketserver", "SocketServer"),
    ],
)
def test_a_twin_of_two_names_is_one_module_whichever_comes_first(name, old_name):
    for names in ((name, old_name), (old_name, name)):
        subprocess.run([sys.executable, "-W", "error", "-c", SAME_MODULE, *names], check=True)


@pytest.mark.parametrize("copy", COPIES, ids=lambda copy: f"{copy.module}.{copy.name}")
def test_copied_names_are_what_the_table_says(copy):
    holder, source = importlib.import_module(copy.module), importlib.import_module(copy.source)
    if not hasattr(holder, copy.name):
        pytest.skip(f"this Python's {copy.module} has no {copy.name}")
    assert getattr(holder, copy.name) is getattr(source, copy.original)


@pytest.mark.parametrize(("standard_name", "green_name"), modules())
def test_every_public_name_is_there(standard_name, green_name):
    standard, green = load(standard_name, green_name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        public = getattr(standard, "__all__", None) or [name for name in dir(standard) if not name.startswith("_")]
        assert [name for name in public if not hasattr(green, name)] == []
        assert set(public) <= set(dir(green))


@pytest.mark.parametrize(("standard_name", "green_name"), modules())
def test_signatures_agree(standard_name, green_name):
    standard, green = load(standard_name, green_name)
    differences = []
    for name, value in list(vars(green).items()):
        if name.startswith("_") or not callable(value) or inspect.ismodule(value):
            continue
        if name == "excepthook":
            continue  # the twin's is pytest's while tests run
        twin = vars(standard).get(name)
        if twin is not None and twin is not value:
            differences += compare(name, value, twin)
            if isinstance(value, type) and isinstance(twin, type):
                for method_name, method in vars(twin).items():
                    if not method_name.startswith("_") and callable(method):
                        differences += compare(
                            f"{name}.{method_name}", getattr(value, method_name, None), getattr(twin, method_name)
                        )
    assert differences == []


def compare(name, green, standard):
    if green is None:
        return [f"{name} is missing"]
    try:
        ours, theirs = inspect.signature(green).parameters, inspect.signature(standard).parameters
    except (AttributeError, TypeError, ValueError):
        return []  # written in C, without a signature
    kinds = {parameter.kind for parameter in ours.values()}
    missing = []
    for parameter in theirs.values():
        positional_only = parameter.kind == parameter.POSITIONAL_ONLY
        if parameter.name in ours or parameter.name in KNOWN.get(name, ()) or positional_only:
            continue
        if parameter.VAR_KEYWORD in kinds or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        missing.append(f"{name}: parameter {parameter.name}")
    positional = [p for p in theirs.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    room = [p for p in ours.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(room) < len(positional) and parameter_free(kinds) and name not in KNOWN:
        missing.append(f"{name}: takes {len(room)} positional arguments, not {len(positional)}")
    return missing


def parameter_free(kinds):
    return inspect.Parameter.VAR_POSITIONAL not in kinds


# Where the standard signature is only part of the truth, or ours is upstream's.
KNOWN = {"ExceptHookArgs": ("dict", "iterable", "sequence")}
