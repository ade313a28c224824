"""Runs a program as `python script.py` or `python -m module` would, with everything patched before it begins.

Little is imported here, and nothing that could hold a lock: what is loaded before patching may keep what it has.
"""

from __future__ import annotations

import sys

from eventlet import hubs, patcher
from eventlet._patching.table import DEFAULT_ARGUMENTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

USAGE = """\
usage: python -m eventlet [--hub NAME] [--patch NAMES] script.py [ARGUMENT ...]
       python -m eventlet [--hub NAME] [--patch NAMES] -m module [ARGUMENT ...]

Runs the program as `python script.py` or `python -m module` would, but cooperative: the
standard library is patched before the program, and what it imports, is loaded.

  --hub NAME     the hub, as in EVENTLET_HUB: {hubs}, or package.module:Class
  --patch NAMES  what to patch, separated by commas: all (the default), none, auto (all, and
                 third-party modules that somebody knows how to patch), or some of
                 {patches}
"""
_PREFIX = "python -m eventlet: "


def main(arguments: list[str]) -> None:
    """Run the program that the command line names; return when it has ended, or raise what it raises."""
    hub, patch, is_module, program, rest = _parsed(arguments)
    if hub is not None:
        _use_hub(hub)
    _patch(patch)
    try:
        if is_module:
            _run_module(program, rest)
        else:
            _run_script(program, rest)
    except BaseException:
        _hide_own_frames()
        raise


# ---- the command line


def _parsed(arguments: list[str]) -> tuple[str | None, str, bool, str, list[str]]:
    hub, patch = None, "all"
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option, has_value, value = rest.pop(0).partition("=")
        if option in ("-h", "--help"):
            sys.stdout.write(_usage())
            sys.exit(0)
        if option == "-m" or option.startswith("-m") and not option.startswith("--"):
            module = option[2:] + has_value + value
            if not module:
                module = _value_of(option, rest)
            return hub, patch, True, module, rest
        if option not in ("--hub", "--patch"):
            _fail(f"there is no option {option}")
        if not has_value:
            value = _value_of(option, rest)
        if option == "--hub":
            hub = value
        else:
            patch = value
    if not rest:
        _fail("there is nothing to run")
    return hub, patch, False, rest[0], rest[1:]


def _value_of(option: str, rest: list[str]) -> str:
    if not rest:
        _fail(f"{option} needs a value")
    return rest.pop(0)


def _usage() -> str:
    return USAGE.format(hubs=", ".join(hubs.available_hubs()), patches=", ".join(DEFAULT_ARGUMENTS))


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"{_PREFIX}{message}\n\n{_usage()}")
    sys.exit(2)


def _use_hub(name: str) -> None:
    import os

    try:
        hubs.use_hub(name)
    except hubs.HubError as error:
        sys.stderr.write(f"{_PREFIX}{error}\n")
        sys.exit(2)
    os.environ["EVENTLET_HUB"] = name  # for other threads, and processes, of the program


def _patch(names: str) -> None:
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if wanted == ["none"]:
        return
    if wanted == ["auto"]:
        wanted = ["all", "auto"]
    on = dict.fromkeys(wanted, True)
    try:
        patcher.monkey_patch(**on)
    except (TypeError, NotImplementedError) as error:
        _fail(f"--patch={names}: {error}")


# ---- running


def _new_main() -> Any:
    """Return a new module `__main__`: the program's, instead of ours."""
    module = type(sys)("__main__")
    if sys.version_info < (3, 14):  # until 3.13 is dropped
        module.__annotations__ = {}
    sys.modules["__main__"] = module
    return module


def _run_module(name: str, arguments: list[str]) -> None:
    import runpy

    sys.argv[:] = ["-m", *arguments]
    _new_main()
    # The function that `python -m` itself calls: nothing else gives the same messages and the same `__main__`.
    runpy._run_module_as_main(name)  # type: ignore[attr-defined]


def _run_script(path: str, arguments: list[str]) -> None:
    import os
    from importlib.machinery import SourceFileLoader, SourcelessFileLoader

    sys.argv[:] = [path, *arguments]
    absolute = os.path.abspath(path)
    if os.path.isdir(absolute) or _is_archive(absolute):
        _run_container(absolute)
        return
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    loader: Any
    if path.endswith(".pyc"):
        loader = SourcelessFileLoader("__main__", absolute)
        code = loader.get_code("__main__")
    else:
        loader = SourceFileLoader("__main__", absolute)
        try:
            with open(path, "rb") as file:
                source = file.read()
        except OSError as error:
            reason = f"[Errno {error.errno}] {error.strerror}"
            sys.stderr.write(f"{sys.executable}: can't open file {absolute!r}: {reason}\n")
            sys.exit(2)
        code = compile(source, absolute, "exec", dont_inherit=True)
    module = _new_main()
    module.__dict__.update(__file__=absolute, __loader__=loader, __builtins__=__builtins__, __cached__=None)
    exec(code, module.__dict__)


def _is_archive(path: str) -> bool:
    from pkgutil import get_importer

    try:
        return get_importer(path) is not None and type(get_importer(path)).__name__ == "zipimporter"
    except ImportError:
        return False


def _run_container(path: str) -> None:
    """Run the `__main__.py` in a directory or an archive."""
    import runpy

    _set_first_path(path)
    _new_main()
    runpy._run_module_as_main("__main__", alter_argv=False)  # type: ignore[attr-defined]


def _set_first_path(path: str) -> None:
    """Let `path` be where the program's own modules are; not if the interpreter was told not to look there (-P, -I)."""
    if not getattr(sys.flags, "safe_path", False) and not sys.flags.isolated:
        sys.path[0] = path


def _hide_own_frames() -> None:
    """Let an exception that ends the program be shown as if we had not been there."""
    show = sys.excepthook

    def show_the_programs(kind: Any, error: Any, traceback: Any) -> None:
        own, step = None, traceback
        while step is not None:
            if step.tb_frame.f_code.co_filename == __file__:
                own = step
            step = step.tb_next
        if own is not None:
            traceback = error.__traceback__ = own.tb_next
        show(kind, error, traceback)

    sys.excepthook = show_the_programs
