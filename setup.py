"""The optional part of the build: C providers of the hubs libuv and libev, where the library's header is found.

Everything else is in pyproject.toml. Without a compiler, or without the headers, the installation succeeds all the
same, and those hubs use ctypes.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup

LIBRARIES = [("libuv", "EVENTLET_UV", "uv.h", "uv"), ("libev", "EVENTLET_EV", "ev.h", "ev")]


def pkg_config(*arguments: str) -> list[str]:
    """Return what pkg-config says, as words; nothing if it, or the library, is absent."""
    command = os.environ.get("PKG_CONFIG", "pkg-config")
    try:
        done = subprocess.run([command, *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return []
    return shlex.split(done.stdout)


def include_directories() -> list[str]:
    """Return where a compiler looks for headers, or may well be told to."""
    flags = shlex.split(os.environ.get("CFLAGS", "") + " " + os.environ.get("CPPFLAGS", ""))
    told = [flag[2:] for flag in flags if flag.startswith("-I")]
    for variable in ("CPATH", "C_INCLUDE_PATH"):
        told += os.environ.get(variable, "").split(os.pathsep)
    multiarch = sysconfig.get_config_var("MULTIARCH")
    usual = [f"/usr/include/{multiarch}"] if multiarch else []
    usual += [sysconfig.get_path("include"), os.path.join(sys.prefix, "include")]
    usual += ["/usr/include", "/usr/local/include", "/opt/homebrew/include", "/opt/local/include"]
    return [directory for directory in [*told, *usual] if directory]


def extensions() -> list[Extension]:
    found = []
    for package, macro, header, library in LIBRARIES:
        compile_flags = pkg_config("--cflags", package)
        told = [flag[2:] for flag in compile_flags if flag.startswith("-I")]
        home = next((d for d in [*told, *include_directories()] if Path(d, header).is_file()), None)
        if home is None:
            continue
        standard = home in ("/usr/include", "/usr/local/include")
        found.append(
            Extension(
                f"eventlet.hubs._{package}_c",
                ["eventlet/hubs/_native.c"],
                define_macros=[(macro, "1")],
                include_dirs=[] if standard else [home],
                library_dirs=[] if standard else [str(Path(home).parent / "lib")],
                libraries=[library],
                extra_compile_args=compile_flags,
                extra_link_args=pkg_config("--libs-only-L", package),
                py_limited_api=True,
                optional=True,
            )
        )
    return found


# Free-threaded builds have neither the limited API nor the lock that the poller relies on.
modules = [] if sysconfig.get_config_var("Py_GIL_DISABLED") else extensions()
setup(ext_modules=modules, options={"bdist_wheel": {"py_limited_api": "cp39"}} if modules else {})
