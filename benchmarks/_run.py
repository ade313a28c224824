"""The first file of every child process: makes `benchmarks` importable, and nothing else of this repository.

A peer must import *its* eventlet. So the root of the repository stays off sys.path, and so does this
directory (which Python puts first there when it runs a file by path), whose `queue.py` would hide the
standard library's. The contestant's own checkout is added later, if it has one.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def main() -> None:
    """Run the role argv[1] with the JSON object argv[2]."""
    sys.path[:] = [
        entry for entry in sys.path if os.path.abspath(entry or os.curdir) not in (HERE, os.path.dirname(HERE))
    ]

    # Only now is sys.path fit for imports.
    from importlib import import_module
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("benchmarks", os.path.join(HERE, "__init__.py"), submodule_search_locations=[HERE])
    assert spec is not None
    sys.modules["benchmarks"] = module_from_spec(spec)
    import_module("benchmarks._child").main(sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    main()
