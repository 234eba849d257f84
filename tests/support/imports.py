"""Imports between the project's modules, read from the sources: who imports whom, directly and through others."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

PACKAGES = ("app", "components", "tests", "benchmarks", "examples")


@cache
def modules() -> dict[str, frozenset[str]]:
    """Every module of the project and the names of all modules it imports, also inside functions."""
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text())
    return {name: frozenset(_imported(tree, set(found))) for name, tree in found.items()}


def reachable(start: str) -> frozenset[str]:
    """Every module that importing `start` brings in, itself included; of other projects the top name."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(modules().get(name, ()))
    return frozenset(seen)


@cache
def at_import() -> dict[str, frozenset[str]]:
    """Every module of the project with app.py, and what importing it imports at once: nothing inside functions."""
    paths = {"launcher": ROOT / "app.py"}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            paths[".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")] = path
    trees = {
        name: ast.Module(list(_outside_functions(ast.parse(path.read_text()))), []) for name, path in paths.items()
    }
    return {name: frozenset(_imported(tree, set(paths))) for name, tree in trees.items()}


def distributions_of(requirements: Path) -> frozenset[str]:
    """The distributions that a requirements file brings in, with all that they require themselves."""
    seen: set[str] = set()
    waiting = [Requirement(line) for line in requirements.read_text().splitlines() if line[:1].isalpha()]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in seen or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        seen.add(name)
        try:
            waiting.extend(map(Requirement, requires(name) or ()))
        except PackageNotFoundError:
            continue  # of another platform, say
    return frozenset(seen)


def _outside_functions(tree: ast.AST) -> Iterator[ast.stmt]:
    """Import statements that run when a module is imported, those of TYPE_CHECKING left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _outside_functions(node)


def _imported(tree: ast.Module, own: set[str]) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {node.module} | (inner & own)
    return {name if name in own else name.split(".")[0] for name in names}
