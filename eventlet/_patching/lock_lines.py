"""Tells where an attribute is assigned: file and line."""

from __future__ import annotations

import ast
import linecache
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from eventlet._patching.lock_places import Definition


def line_of(definition: Definition) -> tuple[str, int] | None:
    """Return the file and line of the last assignment to that attribute; None if that is not known."""
    if definition.owner is None:
        return _find(definition.module, None, definition.name, False)
    for owner in definition.owner.__mro__:
        found = _find(owner.__module__, owner.__qualname__, definition.name, definition.in_instance)
        if found is not None:
            return found
    return None


def _find(module_name: str, class_name: str | None, attribute: str, in_instance: bool) -> tuple[str, int] | None:
    module = sys.modules.get(module_name)
    file = getattr(module, "__file__", None)
    if not isinstance(file, str):
        return None
    try:
        tree: ast.AST = ast.parse("".join(linecache.getlines(file, getattr(module, "__dict__", None))))
    except (SyntaxError, ValueError):
        return None
    for part in class_name.split(".") if class_name else ():
        classes = [node for node in _own_statements(tree) if isinstance(node, ast.ClassDef) and node.name == part]
        if not classes:
            return None
        tree = classes[-1]
    lines = [line for line, name in _assigned(tree, in_instance) if name == attribute]
    return (file, lines[-1]) if lines else None


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
