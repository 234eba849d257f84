"""The scripts of the page: their unit tests, run by node's own runner where node is installed."""

import shutil
import subprocess

import pytest

from tests.support.paths import ROOT

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="node is not installed; tests/browser drives the scripts in Chromium")
def test_the_scripts_pass_their_unit_tests() -> None:
    assert NODE is not None
    files = sorted((ROOT / "tests" / "web").glob("*.test.js"))
    assert files
    done = subprocess.run([NODE, "--test", *map(str, files)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
