"""Training of the judge: a resumed run is the same run, and what it sees is disturbed, mirrored and weighed."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from app.common.paths import SPRITES
from app.evaluation.classifier.network import Judge
from app.models.sprites.vae import load_vae
from app.models.sprites.vocabulary import Vocabulary, load_vocabulary
from app.training import classifier, latents
from app.training.classifier import UNASKED, JudgeTraining, mirror, rarity, render_clips, train
from app.training.loop import Budget, generator
from tests.support.vocabularies import of_first_slots

VAE, VOCABULARY = load_vae(SPRITES / "vae.safetensors"), load_vocabulary()
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


def test_a_rare_word_weighs_more_and_the_clips_weigh_one_on_average() -> None:
    classes = torch.tensor([0, 0, 0, 0, 1, UNASKED])
    # One over the roots of 4 and 1 is 1/2 and 1; over the five clips that is 3/5 on average.
    assert rarity(classes, 2).tolist() == pytest.approx([5 / 6, 5 / 3])
    assert float(rarity(classes, 2)[classes[:5]].mean()) == pytest.approx(1)


def test_a_word_that_no_clip_shows_has_a_weight_all_the_same() -> None:
    assert rarity(torch.tensor([0, 0, 0, 0, 1]), 3).tolist() == pytest.approx([5 / 6, 5 / 3, 5 / 3])
    assert rarity(torch.tensor([1, 0, 1, 0]), 2).tolist() == pytest.approx([1, 1])


def classes_of(*clips: dict[str, str], vocabulary: Vocabulary = VOCABULARY) -> Tensor:
    """Classes (clips, slots) where only some words are asked for."""
    return torch.tensor(
        [
            [vocabulary.names(s).index(said[s]) if s in said else UNASKED for s in vocabulary.slots]
            for said in clips
        ]
    )


SEEN = (
    {"object": "dog", "motion": "left", "speed": "fast", "camera": "pan right"},
    {"object": "cat", "motion": "right", "camera": "fixed"},
    {"count": "empty", "camera": "pan left"},
    {"object": "car", "motion": "rising", "camera": "zoom in"},
)
IN_A_MIRROR = (
    {"object": "dog", "motion": "right", "speed": "fast", "camera": "pan left"},
    {"object": "cat", "motion": "left", "camera": "fixed"},
    {"count": "empty", "camera": "pan right"},
    {"object": "car", "motion": "rising", "camera": "zoom in"},
)


def test_left_and_right_change_places_where_a_clip_is_turned_and_only_there() -> None:
    seen, turned = classes_of(*SEEN * 8), classes_of(*IN_A_MIRROR * 8)
    images = torch.rand(len(seen), 16, 3, 64, 64, generator=generator(0, 0))
    before = images.clone(), seen.clone()
    shown, wanted = mirror(images, seen, VOCABULARY, generator(0, 1))
    assert torch.equal(images, before[0])
    assert torch.equal(seen, before[1])
    flipped = (shown != images).flatten(1).any(dim=1)
    assert 0 < flipped.sum() < len(seen)
    assert torch.equal(shown, torch.where(flipped[:, None, None, None, None], images.flip(-1), images))
    assert torch.equal(wanted, torch.where(flipped[:, None], turned, seen))
    again = mirror(images, seen, VOCABULARY, generator(0, 1))
    assert torch.equal(again[0], shown)
    assert torch.equal(again[1], wanted)


def test_a_mirror_needs_no_camera() -> None:
    few = of_first_slots()
    seen = classes_of({"motion": "left"}, {"motion": "right"}, {"motion": "still"}, vocabulary=few)
    turned = classes_of({"motion": "right"}, {"motion": "left"}, {"motion": "still"}, vocabulary=few)
    images = torch.rand(3, 16, 3, 64, 64, generator=generator(0, 0))
    shown, wanted = mirror(images, seen, few, generator(0, 2))
    flipped = (shown != images).flatten(1).any(dim=1)
    assert torch.equal(wanted, torch.where(flipped[:, None], turned, seen))
