"""Tells where an attribute is assigned: file and line."""

from __future__ import annotations

import ast
import linecache
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType
    from typing import Any, Union

    from eventlet._patching.lock_places import Definition

    _Function = Union[ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def line_of(definition: Definition) -> tuple[str, int] | None:
    """Return the file and line of the last assignment to that attribute; None if that is not known."""
    owner = definition.owner
    if owner is None:
        return _find(definition.module, None, definition.name, False)
    if not isinstance(owner, type):
        return _find_in_function(owner, definition.name)
    for kind in owner.__mro__:
        name = _unmangled(definition.name, kind)
        found = _find(kind.__module__, kind.__qualname__, name, definition.in_instance)
        if found is not None:
            return found
    return None


def _unmangled(name: str, kind: type) -> str:
    """The name as it is in the source of the class `kind`, where those of its own begin with two underscores."""
    prefix = f"_{kind.__name__.lstrip('_')}"
    return name[len(prefix) :] if name.startswith(f"{prefix}__") else name


def _find(module_name: str, class_name: str | None, attribute: str, in_instance: bool) -> tuple[str, int] | None:
    module = sys.modules.get(module_name)
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return None
    tree = _parsed(file, getattr(module, "__dict__", None))
    for part in class_name.split(".") if class_name else ():
        found = [node for node in _own_statements(tree) if isinstance(node, ast.ClassDef) and node.name == part]
        if not found:
            return None
        tree = found[-1]
    lines = [line for line, name in _assigned(tree, in_instance) if name == attribute]
    return (file, lines[-1]) if lines else None


def _parsed(file: str, namespace: dict[str, Any] | None) -> ast.AST:
    try:
        return ast.parse("".join(linecache.getlines(file, namespace)))
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _find_in_function(function: FunctionType, name: str) -> tuple[str, int] | None:
    """Where an argument of the function is, or what assigns the variable of an outer function; or its attribute."""
    code = function.__code__
    found = ast.walk(_parsed(code.co_filename, function.__globals__))
    functions = [node for node in found if isinstance(node, _FUNCTIONS)]
    around = [node for node in functions if _first_line(node) <= code.co_firstlineno <= (node.end_lineno or 0)]
    # Outer ones come first, and the last is the function itself.
    for node in reversed(around[:-1] if name in code.co_freevars else around[-1:]):
        lines = [part.lineno for part in ast.walk(node.args) if isinstance(part, ast.arg) and part.arg == name]
        lines += [line for line, assigned in _assigned(node, False) if assigned == name]
        if lines:
            return code.co_filename, lines[-1]
    return None


def _first_line(node: _Function) -> int:
    """As the code object has it: decorators belong to the function."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _assigned(tree: ast.AST, in_instance: bool) -> Iterator[tuple[int, str]]:
    """The names assigned to in the body of `tree`; or the attributes of anything, in the functions there."""
    for node in ast.walk(tree) if in_instance else _own_statements(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.asname or alias.name) for alias in node.names)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            for part in ast.walk(target) if isinstance(target, ast.AST) else ():
                if in_instance and isinstance(part, ast.Attribute):
                    yield part.lineno, part.attr
                elif isinstance(part, ast.Name):  # in a class: a default of its instances
                    yield part.lineno, part.id


def _own_statements(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements in the body of `tree`, also within `if` and the like; not in functions, classes, expressions."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            yield from _own_statements(node)
