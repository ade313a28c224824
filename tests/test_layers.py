"""The architecture, held by a test: imports point down the layers and never in a circle.

What counts as an import: `import` and `from … import` anywhere in a file, also in functions and under
TYPE_CHECKING (a name that only a type checker sees is still knowledge of what is above), and a call of
`import_module` or `__import__` with a constant.  Circles are looked for among what runs when a module loads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Prefix of module names → layer; the longest prefix wins.  A new module needs a place here.
LAYERS = {
    # L0 — the standard library as it was before patching
    "eventlet._version": 0,
    "eventlet._pristine": 0,
    "eventlet.support": 0,
    # L1 — time, readiness, parking
    "eventlet.hubs": 1,
    # L2 — primitives
    "eventlet.timeout": 2,
    "eventlet.event": 2,
    "eventlet.semaphore": 2,
    "eventlet.lock": 2,
    "eventlet.queue": 2,
    "eventlet.corolocal": 2,
    "eventlet.coros": 2,
    "eventlet._outcome": 2,
    # L3 — green threads
    "eventlet.greenthread": 3,
    "eventlet.greenpool": 3,
    "eventlet.pools": 3,
    "eventlet.dagpool": 3,
    "eventlet.asyncio": 3,
    "eventlet._asyncio": 3,
    # L4 — green I/O
    "eventlet.greenio": 4,
    "eventlet._threadpool": 4,
    "eventlet.tpool": 4,
    "eventlet._resolver": 4,
    "eventlet._dns": 4,
    "eventlet.support.greendns": 4,
    "eventlet.green._lookalike": 4,
    "eventlet.green._socket_nodns": 4,
    # L5 — the green standard library
    "eventlet.green": 5,
    "eventlet.patcher": 5,
    "eventlet._patching": 5,
    "eventlet.support.grpc_patcher": 5,
    "eventlet.support.mysqldb_patcher": 5,
    "eventlet.support.psycopg2_patcher": 5,
    "eventlet.support.psycopg_patcher": 5,
    "eventlet.support.sqlite3_patcher": 5,
    "eventlet.support.zmq_patcher": 5,
    # L6 — protocols and services
    "eventlet.convenience": 6,
    "eventlet.db_pool": 6,
    "eventlet._http1": 6,
    "eventlet.wsgi": 6,
    "eventlet._websocket": 6,
    "eventlet.websocket": 6,
    # L7 — the facade and tools
    "eventlet.backdoor": 7,
    "eventlet.debug": 7,
    "eventlet.testing": 7,
    "eventlet.parallel": 7,
    "eventlet.util": 7,
    "eventlet._cli": 7,
    "eventlet.__main__": 7,
}
FACADE = "eventlet"  # the package itself, and not a prefix of anything: may import all
FACADE_LAYER = 7

# (importing module, imported module) → why this import may point up.  Keep it short; an entry in vain fails.
MAY_POINT_UP: dict[tuple[str, str], str] = {}

# Attribute of `sys` → prefixes of the modules that may use it.
SYS_ATTRIBUTES = {
    "platform": ("eventlet.hubs", "eventlet.greenio"),
    "modules": ("eventlet._pristine", "eventlet.patcher", "eventlet._patching", "eventlet._cli.run"),
}


@dataclass(frozen=True)
class Import:
    target: str
    line: int
    at_load: bool  # runs when the module loads: neither in a function nor under TYPE_CHECKING


@dataclass
class Module:
    name: str
    imports: list[Import] = field(default_factory=list)
    sys_attributes: list[tuple[str, int]] = field(default_factory=list)


def read_package(root: Path, package: str) -> dict[str, Module]:
    """Parse every module of `package` under `root`."""
    paths = {}
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    names = set(paths)
    modules = {}
    for name, path in paths.items():
        reader = _Reader(name, path.name == "__init__.py", names, package)
        reader.visit(ast.parse(path.read_text(encoding="utf-8"), str(path)))
        modules[name] = reader.module
    return modules


class _Reader(ast.NodeVisitor):
    def __init__(self, name: str, is_package: bool, names: set[str], package: str) -> None:
        self.module = Module(name)
        self._parent = name if is_package else name.rpartition(".")[0]
        self._names = names
        self._package = package
        self._sys_names = {"sys", "_sys"}
        self._deferred = 0  # how many functions and `if TYPE_CHECKING` we are inside of

    def _add(self, target: str, node: ast.AST) -> None:
        if target == self._package or target.startswith(self._package + "."):
            self.module.imports.append(Import(target, node.lineno, not self._deferred))  # type: ignore[attr-defined]

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name == "sys" and alias.asname:
                self._sys_names.add(alias.asname)
            self._add(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            above = self._parent.split(".")
            base = ".".join([*above[: len(above) - node.level + 1], *filter(None, [base])])
        for alias in node.names:
            if base == "sys":
                self._use_of_sys(alias.name, node)
            # A name that is a module stands for that module: its package is only the way to it.
            submodule = f"{base}.{alias.name}"
            self._add(submodule if submodule in self._names else base, node)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if called in ("import_module", "__import__") and node.args and isinstance(node.args[0], ast.Constant):
            self._add(str(node.args[0].value), node)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        owner = node.value
        owner_name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        if owner_name in self._sys_names:
            self._use_of_sys(node.attr, node)
        self.generic_visit(node)

    def _use_of_sys(self, attribute: str, node: ast.AST) -> None:
        if attribute in SYS_ATTRIBUTES:
            self.module.sys_attributes.append((attribute, node.lineno))  # type: ignore[attr-defined]

    def _visit_deferred(self, node: ast.AST) -> None:
        self._deferred += 1
        self.generic_visit(node)
        self._deferred -= 1

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _visit_deferred

    def visit_If(self, node: ast.If) -> None:
        guard = node.test.attr if isinstance(node.test, ast.Attribute) else getattr(node.test, "id", "")
        if guard != "TYPE_CHECKING":
            self.generic_visit(node)
            return
        self._deferred += 1
        for child in node.body:
            self.visit(child)
        self._deferred -= 1
        for child in node.orelse:
            self.visit(child)


def layer_of(name: str) -> int | None:
    if name == FACADE:
        return FACADE_LAYER
    while name:
        if name in LAYERS:
            return LAYERS[name]
        name = name.rpartition(".")[0]
    return None


def upward_imports(modules: dict[str, Module]) -> Iterator[tuple[str, Import]]:
    """Each (importing module, import) that points to a higher layer."""
    for module in modules.values():
        own = layer_of(module.name)
        for imported in module.imports:
            target = layer_of(imported.target)
            if own is not None and target is not None and target > own:
                yield module.name, imported


def circles(modules: dict[str, Module]) -> list[list[str]]:
    """The circles among imports that run at load, each as the sorted names of the modules in it (Tarjan)."""
    graph = {
        name: sorted({i.target for i in module.imports if i.at_load and i.target in modules})
        for name, module in modules.items()
    }
    found: list[list[str]] = []
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []

    def visit(name: str) -> None:
        index[name] = lowest[name] = len(index)
        stack.append(name)
        for target in graph[name]:
            if target not in index:
                visit(target)
                lowest[name] = min(lowest[name], lowest[target])
            elif target in stack:
                lowest[name] = min(lowest[name], index[target])
        if lowest[name] == index[name]:
            component = stack[stack.index(name) :]
            del stack[stack.index(name) :]
            if len(component) > 1 or name in graph[name]:
                found.append(sorted(component))

    for name in graph:
        if name not in index:
            visit(name)
    return found


def misused_sys(modules: dict[str, Module]) -> Iterator[str]:
    for module in modules.values():
        for attribute, line in module.sys_attributes:
            allowed = SYS_ATTRIBUTES[attribute]
            if not any(module.name == prefix or module.name.startswith(prefix + ".") for prefix in allowed):
                yield f"{module.name}:{line} uses sys.{attribute}, which belongs to {', '.join(allowed)}"


@pytest.fixture(scope="module")
def eventlet_modules() -> dict[str, Module]:
    return read_package(ROOT, "eventlet")


def test_every_module_has_a_layer(eventlet_modules):
    assert eventlet_modules
    homeless = [name for name in eventlet_modules if layer_of(name) is None]
    assert not homeless, f"give these a layer in {Path(__file__).name}: {homeless}"


def test_imports_point_down(eventlet_modules):
    upward = [
        f"{name}:{imported.line} (L{layer_of(name)}) imports {imported.target} (L{layer_of(imported.target)})"
        for name, imported in upward_imports(eventlet_modules)
        if (name, imported.target) not in MAY_POINT_UP
    ]
    assert not upward, "imports that point up:\n" + "\n".join(upward)


def test_no_exemption_is_out_of_date(eventlet_modules):
    needed = {(name, imported.target) for name, imported in upward_imports(eventlet_modules)}
    assert set(MAY_POINT_UP) <= needed


def test_no_imports_go_in_a_circle(eventlet_modules):
    assert circles(eventlet_modules) == []


def test_platform_and_module_table_are_used_only_where_they_belong(eventlet_modules):
    assert list(misused_sys(eventlet_modules)) == []


# The checks themselves: each must see what it is there for.


@pytest.fixture
def package(tmp_path):
    def make(**sources: str) -> dict[str, Module]:
        for name, source in sources.items():
            path = tmp_path.joinpath("eventlet", *name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source)
        for directory in [tmp_path / "eventlet", *(p for p in tmp_path.rglob("*") if p.is_dir())]:
            (directory / "__init__.py").touch()
        return read_package(tmp_path, "eventlet")

    return make


@pytest.mark.parametrize(
    "source",
    [
        "import eventlet.greenthread",
        "import eventlet.greenthread as threads",
        "from eventlet import greenthread",
        "from eventlet.greenthread import sleep",
        "from ..greenthread import sleep",
        "from .. import greenthread",
        "def f():\n    from eventlet import greenthread",
        "if TYPE_CHECKING:\n    from eventlet.greenthread import GreenThread",
        "import importlib\nimportlib.import_module('eventlet.greenthread')",
        "__import__('eventlet.greenthread')",
    ],
)
def test_an_upward_import_is_seen(package, source):
    modules = package(hubs__hub=source, greenthread="")
    assert [(name, imported.target) for name, imported in upward_imports(modules)] == [
        ("eventlet.hubs.hub", "eventlet.greenthread")
    ]


def test_an_import_of_the_facade_from_below_is_seen(package):
    modules = package(hubs__hub="import eventlet", event="from eventlet import sleep")
    assert {(name, imported.target) for name, imported in upward_imports(modules)} == {
        ("eventlet.hubs.hub", "eventlet"),
        ("eventlet.event", "eventlet"),
    }


def test_imports_to_the_side_and_down_are_fine(package):
    modules = package(
        greenthread="from eventlet.hubs import hub\nfrom eventlet import event, greenpool",
        hubs__hub="import selectors\nfrom eventlet.hubs.timer import Timer",
        hubs__timer="Timer = None",
        event="",
        greenpool="",
    )
    assert list(upward_imports(modules)) == []
    assert circles(modules) == []


def test_a_circle_is_seen_and_one_broken_by_a_function_is_not(package):
    modules = package(
        event="from eventlet import queue",
        queue="from eventlet.lock import Lock",
        lock="import eventlet.event",
        semaphore="from eventlet import coros",
        coros="def f():\n    from eventlet import semaphore",
    )
    assert circles(modules) == [["eventlet.event", "eventlet.lock", "eventlet.queue"]]


def test_the_longest_prefix_gives_the_layer():
    assert layer_of("eventlet.support") == 0
    assert layer_of("eventlet.support.greenlets") == 0
    assert layer_of("eventlet.support.greendns") == 4
    assert layer_of("eventlet.green.http.client") == 5
    assert layer_of("eventlet") == FACADE_LAYER
    assert layer_of("eventlet.greenery") is None


@pytest.mark.parametrize(
    ("source", "attribute"),
    [
        ("import sys\nif sys.platform == 'linux': pass", "platform"),
        ("from sys import platform", "platform"),
        ("import sys as system\nsystem.modules", "modules"),
        ("def f(pristine):\n    return pristine.sys.modules", "modules"),
    ],
)
def test_a_misuse_of_sys_is_seen(package, source, attribute):
    modules = package(wsgi=source)
    assert [f"sys.{attribute}" in line for line in misused_sys(modules)] == [True]


def test_sys_is_free_to_use_where_it_belongs(package):
    modules = package(
        hubs__epolls="import sys\nsys.platform",
        greenio__base="import sys\nsys.platform",
        _patching__locks="import sys\nsys.modules",
        patcher="import sys\nsys.modules",
        debug="import sys\nsys.exc_info()",
    )
    assert list(misused_sys(modules)) == []
