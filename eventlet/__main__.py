"""`python -m eventlet`: run a program with everything patched before it starts, and other commands. See --help."""

from __future__ import annotations

import importlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Commands by name. Anything else is a program to run, with options.
COMMANDS = {"hubs": "eventlet._cli.hubs"}


def main(arguments: list[str]) -> Any:
    """Do what the command line asks for; return the exit status."""
    module = COMMANDS.get(arguments[0]) if arguments else None
    return importlib.import_module(module or "eventlet._cli.run").main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
