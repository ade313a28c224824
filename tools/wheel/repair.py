"""Makes a wheel that has been built carry its own libuv and libev, and their licences. cibuildwheel runs this, too.

usage: python tools/wheel/repair.py WHEEL DIRECTORY

Needs auditwheel and patchelf, or delocate on macOS, and the package wheel. Prints the path of the new wheel.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

LICENSES = Path(__file__).parent / "licenses"
LIBRARIES = ("libuv", "libev")
#: libuv is under MIT, with some files under ISC and BSD; of libev's two licences it is BSD's.
EXPRESSION = "MIT AND BSD-2-Clause AND ISC"


def main(wheel: Path, destination: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        if sys.platform == "darwin":
            run("delocate-wheel", "-w", work / "repaired", wheel)
        else:
            run("auditwheel", "repair", "-w", work / "repaired", wheel)
        (repaired,) = (work / "repaired").iterdir()
        run("wheel", "unpack", "--dest", work / "unpacked", repaired)
        (tree,) = (work / "unpacked").iterdir()
        check(tree)
        add_licenses(tree)
        destination.mkdir(parents=True, exist_ok=True)
        run("wheel", "pack", "--dest-dir", destination, tree)
        print(destination / repaired.name)


def run(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")


def check(tree: Path) -> None:
    """Leave unless `tree` has our C modules and both libraries."""
    for library in LIBRARIES:
        if not list(tree.glob(f"eventlet/hubs/_{library}_c.*")):
            sys.exit(f"there is no C module for {library} in the wheel: was its header found when it was built?")
        # auditwheel: eventlet.libs/libuv-0123abcd.so.1; delocate: eventlet/.dylibs/libuv.1.dylib
        if not [*tree.glob(f"*.libs/{library}[-.]*"), *tree.glob(f"eventlet/.dylibs/{library}[-.]*")]:
            sys.exit(f"{library} itself is not in the wheel")


def add_licenses(tree: Path) -> None:
    """Add the licences of the libraries to our own, and tell of them in the metadata."""
    (information,) = tree.glob("*.dist-info")
    metadata = information / "METADATA"
    head, blank, text = metadata.read_text(encoding="utf-8").partition("\n\n")
    head, count = re.subn(r"(?m)^License-Expression: MIT$", f"License-Expression: {EXPRESSION}", head)
    assert count == 1, head
    for library in LIBRARIES:
        name = f"LICENSE.{library}"
        (information / "licenses" / name).write_bytes((LICENSES / name).read_bytes())
        head += f"\nLicense-File: {name}"
    metadata.write_text(head + blank + text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
