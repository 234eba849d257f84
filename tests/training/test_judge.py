"""Training of the judge: a resumed run is the same run, and part of what it sees went through the autoencoder."""

from pathlib import Path

import pytest
import torch

from app.common.paths import SPRITES, SPRITES_2
from app.evaluation.classifier.network import Judge
from app.models.sprites.vae import load_vae
from app.models.sprites.vocabulary import load_vocabulary
from app.training import classifier, latents
from app.training.classifier import JudgeTraining, render_clips, train
from app.training.loop import Budget

VAE, VOCABULARY = load_vae(SPRITES / "vae.safetensors"), load_vocabulary(SPRITES_2)
SHORT = JudgeTraining(clips=4, decoded=2, batch=2)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(latents, "SHARD", 2)
    monkeypatch.setattr(classifier, "HELD_OUT", 3)
    (folder := tmp_path / "latents").mkdir()
    latents.write_shard(folder, 0, VAE, VOCABULARY)
    return folder


def run(cache: Path, work: Path, steps: int) -> Judge:
    judge, accuracy = train(SHORT, Budget(steps, steps, warmup=1), cache, work, VOCABULARY, VAE)
    assert set(accuracy) == set(VOCABULARY.slots)
    return judge


def test_a_resumed_run_is_the_same_run(cache: Path, tmp_path: Path) -> None:
    run(cache, tmp_path / "resumed", 1)
    resumed, straight = run(cache, tmp_path / "resumed", 3), run(cache, tmp_path / "straight", 3)
    for (name, one), other in zip(resumed.state_dict().items(), straight.state_dict().values(), strict=True):
        assert torch.equal(one, other), name


def test_some_clips_are_decoded_latents_of_the_same_seeds(cache: Path) -> None:
    frames, _ = render_clips(4, False, VOCABULARY)
    before = frames.clone()
    classifier._pass_through_autoencoder(frames, SHORT, cache, VAE)
    off = (frames.float() - before.float()).abs().mean(dim=(1, 2, 3, 4))
    assert ((off > 0) == torch.tensor([True, True, False, False])).all()
    assert off.max() < 20  # blurred and disturbed, and still the same clip
