"""The floors of the house: what each package may import, directly or through others."""

import sys
from importlib.metadata import packages_distributions

import pytest
from packaging.utils import canonicalize_name

from tests.support.imports import at_import, distributions_of, modules, reachable
from tests.support.paths import ROOT

# From the ground up: a package imports from its own floor and from those below it.
FLOORS = (
    ("app.common",),
    ("app.workers",),
    ("app.caching",),
    ("app.models",),
    ("app.metrics",),
    ("app.generation",),
    ("app.runs", "app.lab"),
    ("app.evaluation", "app.selftest"),
    ("app.jobs",),
    ("app.distributed",),
    ("app.training", "app.commands"),
)
APP = [package for floor in FLOORS for package in floor]
ON_A_SPACE = {"spaces"}  # app.py imports it only there, where it is installed
UNKNOWN = {"app": {"gradio", "components", "plotly"}, "components": {"torch"}}


def package_of(module: str) -> str:
    """The package that stands on a floor: app and the folder in it."""
    return ".".join(module.split(".")[:2])


def test_every_package_of_app_stands_on_a_floor() -> None:
    found = {package_of(name) for name in modules() if name.startswith("app.")} - {"app.__main__"}
    assert found <= set(APP), found - set(APP)


@pytest.mark.parametrize("level", range(len(FLOORS)))
def test_a_floor_imports_nothing_above_it(level: int) -> None:
    above = {package for floor in FLOORS[level + 1 :] for package in floor}
    for name, imported in modules().items():
        if package_of(name) in FLOORS[level]:
            upwards = {module for module in imported if package_of(module) in above}
            assert not upwards, f"{name} imports {', '.join(sorted(upwards))}"


@pytest.mark.parametrize("room", UNKNOWN)
def test_a_package_never_reaches_what_it_must_not_know(room: str) -> None:
    for name in modules():
        if name.split(".")[0] == room:
            seen = reachable(name) if room == "app" else modules()[name]
            assert not {module.split(".")[0] for module in seen} & UNKNOWN[room], name


def test_what_the_page_imports_comes_with_its_requirements() -> None:
    """What only the tests' requirements bring in breaks `make run` on a fresh machine, and nowhere else."""
    installed = distributions_of(ROOT / "requirements.txt")
    provided = {
        module
        for module, distributions in packages_distributions().items()
        if any(canonicalize_name(name) in installed for name in distributions)
    }
    imports, seen = at_import(), set()
    waiting = ["launcher", "app.__main__", *(name for name in imports if name.split(".")[0] == "components")]
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            waiting.extend(imports.get(name, ()))
    foreign = {name for name in seen if name not in imports} - set(sys.stdlib_module_names)
    assert {"gradio", "torch"} <= foreign
    assert foreign <= provided | ON_A_SPACE, foreign - provided


def test_what_ships_imports_no_tests() -> None:
    for name in modules():
        if name.split(".")[0] in ("app", "components", "benchmarks", "examples"):
            allowed = ("tests.support",) if name.startswith("benchmarks") else ()
            reached = {module for module in modules()[name] if module.startswith("tests")}
            assert all(module.startswith(allowed or "-") for module in reached), f"{name}: {reached}"
