"""A family is one file: put beside the others, its model is listed, described and asked about like theirs."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.models.diffusers.family import checkpoints, families, register
from app.models.diffusers.load import load
from app.models.diffusers.stored import stored_needs
from app.models.sprites.card import CARD as SPRITES
from app.selftest.checkpoints.diffusers import SIZES
from components.studio.method import motion_props
from tests.support.paths import ROOT

MADE_UP = '''
"""A made-up family: Wan's pipeline under another name."""

from dataclasses import replace

from app.models.diffusers.families.wan import WAN, WAN_1_3B
from app.models.diffusers.family import register

MADE_UP = replace(WAN, name="made-up", pipeline="MadeUpPipeline")
register(MADE_UP, replace(WAN_1_3B, card=replace(WAN_1_3B.card, id="made-up-1", title="Made Up"), family=MADE_UP))
'''
SCRIPT = """
import sys
import app.models.diffusers.families as package
package.__path__.append(sys.argv[1])
from app.__main__ import main
from app.models.diffusers.family import families
assert "made-up" in families()
sys.exit(main(["models", "--json"]))
"""


def test_a_made_up_family_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "made_up.py").write_text(MADE_UP)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    listed = {entry["id"]: entry for entry in json.loads(done.stdout)}
    assert listed["made-up-1"]["title"] == "Made Up"
    assert {"latte-1", "cogvideox-2b", "wan-2.1-1.3b", "ltx-video"} < set(listed)


def test_a_name_is_taken_once_and_every_model_has_its_needs() -> None:
    latte = checkpoints()["latte-1"]
    with pytest.raises(ValueError, match="registered already: latte, latte-1"):
        register(families()["latte"], latte)
    assert {checkpoint.family.name for checkpoint in checkpoints().values()} == set(families())
    for model in checkpoints():
        assert stored_needs(model)["transformer"].weights > 1e9
    with pytest.raises(ValueError, match="no memory needs are stored for made-up; run python -m"):
        stored_needs("made-up")


def test_latte_has_the_released_schedulers_settings_whatever_the_file_has(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    shutil.copytree(checkpoint("latte-1"), folder)
    (file,) = folder.rglob("scheduler_config.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "beta_end": 0.5, "clip_sample": True}))
    config = load("latte-1", folder, SIZES["latte-1"]).pipeline.scheduler.config
    assert (config.beta_start, config.beta_end, config.beta_schedule) == (1e-4, 0.02, "linear")
    assert config.clip_sample is False


def test_settings_that_the_repositories_do_not_say() -> None:
    published = checkpoints()
    assert "worst quality" in str(published["wan-2.1-1.3b"].card.negative_prompt)
    for name, found in published.items():
        assert not found.card.motion_fits, name  # the constants are Open-Sora's
        props = motion_props(found.card)
        assert props["value"] is False
        assert "Its constants are Open-Sora's" in props["info"]
    assert motion_props(SPRITES) == {"value": True, "info": ""}
