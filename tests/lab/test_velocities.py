"""Velocities of a recording: products by hand, through a file, and refused where they mean nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.lab.record import record
from app.lab.recording import Recording, load_recording, parse_recording
from app.lab.velocities import VelocityRecorder, after_reuse, sketch, usual_reference, velocity_recording
from tests.support.tiny import TinyVideoModel

STEPS = 8


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(TinyVideoModel(), "a test", seed=1, steps=STEPS, guidance=7.0)


def test_a_recording_keeps_velocities_and_survives_its_file(recording: Recording, tmp_path: Path):
    assert recording.velocities is not None
    assert recording.velocities.elements == 4 * 5 * 8 * 10
    vectors = STEPS - 1 + 2 * len(after_reuse(usual_reference(STEPS)))
    assert len(recording.velocities.products) == vectors * (vectors + 1) // 2
    recording.save(tmp_path / "r.json")
    read = load_recording(tmp_path / "r.json").velocities
    assert read is not None
    assert read.products == recording.velocities.products
    assert read.reference_db == recording.velocities.reference_db


def test_a_file_of_the_first_schema_is_read_and_has_none(recording: Recording):
    older = recording.to_json() | {"schema": 1}
    del older["velocities"]
    assert parse_recording(json.dumps(older)).velocities is None


def test_products_of_another_number_of_steps_are_refused(recording: Recording):
    assert recording.velocities is not None
    cut = replace(recording.velocities, products=recording.velocities.products[:-1])
    with pytest.raises(ValueError, match="velocities of 8 steps need 11 vectors"):
        replace(recording, velocities=cut)


def test_a_product_that_is_not_a_number_is_refused(recording: Recording):
    value = recording.to_json()
    value["velocities"]["products"][3] = float("inf")
    with pytest.raises(ValueError, match="must be a finite number"):
        Recording.from_json(value)


def test_products_by_hand():
    # Two steps of length 0.5, two values; velocities (1, 0) and (1, 2); the reference run computes one step.
    recorder = VelocityRecorder.of((1000.0, 500.0))
    latent = torch.tensor([0.0, 0.0])
    for velocity, t in ((torch.tensor([1.0, 0.0]), 1.0), (torch.tensor([1.0, 2.0]), 0.5)):
        after = latent + velocity * 0.5
        recorder.observe(latent, after, latent + velocity * t)
        latent = after
    found = velocity_recording(recorder, recorder, 2, 0.0, 40.0)
    assert found is not None
    assert found.products == (4.0,)  # the velocity changed by (0, 2)


def test_a_sampler_that_is_no_euler_flow_is_noticed():
    recorder = VelocityRecorder.of((1000.0, 500.0))
    recorder.observe(torch.zeros(3), torch.ones(3), torch.ones(3))  # a velocity of 2 would expect 2
    assert not recorder.euler
    assert velocity_recording(recorder, recorder, 3, 0.0, 40.0) is None


def test_a_sketch_is_the_latent_itself_or_keeps_products_on_average():
    random = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, 3, 500, generator=random)
    assert torch.equal(sketch(one), one.flatten())
    errors = [
        abs(float(sketch(one, size) @ sketch(other, size) - one.flatten() @ other.flatten()))
        for size in (64, 1024)
    ]
    assert errors[0] < 4 * 1500 / 64**0.5
    assert errors[1] < 4 * 1500 / 1024**0.5
