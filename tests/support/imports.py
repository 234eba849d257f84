"""Imports between the project's modules, read from the sources: who imports whom, directly and through others."""

import ast
from functools import cache

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


def _imported(tree: ast.Module, own: set[str]) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {node.module} | (inner & own)
    return {name if name in own else name.split(".")[0] for name in names}
