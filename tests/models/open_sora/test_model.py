"""The complete pipeline on a tiny checkpoint in the published layout: text encoder, transformer, VAE, to mp4."""

from dataclasses import replace
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
import torch
from torch import Tensor

from app.caching.cache import NO_CACHE
from app.caching.codebook import load_codebook
from app.caching.methods.adacache import AdaCacheConfig
from app.caching.methods.pab import PABConfig
from app.generation.events import Compared, Failed, Finished, Started
from app.generation.kept_baseline import LATENTS, read_latents
from app.generation.pair import generate_pair
from app.generation.request import Request
from app.models.base import Conditioning, Frames
from app.models.networks.stdit3 import STDiT3Config
from app.models.networks.t5 import Tokenizer, encode, load_text_encoder
from app.models.open_sora.estimate import Checkpoint
from app.models.open_sora.given_frames import placed
from app.models.open_sora.model import OpenSora, load
from app.models.open_sora.vae import OpenSoraVAE, VAEConfig
from app.models.open_sora.vae_spatial import SpatialConfig
from app.models.open_sora.vae_temporal import TemporalConfig
from app.models.preview import fit
from app.models.runtime.memory_plan import RESERVE, MemoryPlan, Residence
from app.models.runtime.parts import Parts
from app.models.size import Size
from tests.golden.result import read_json, read_tensors
from tests.golden.stdit3 import load_transformer
from tests.support.open_sora import SIZE
from tests.support.paths import GOLDEN

CPU = torch.device("cpu")
PROMPT = "A red fox runs over the snow"
METHOD = AdaCacheConfig(load_codebook("fast"))
REQUEST = Request("open-sora-1.2", PROMPT, METHOD, seed=3, steps=6, guidance=7.0)


def generate(model: OpenSora) -> Frames:
    """A video of three steps."""
    conditioning, latent, schedule = model.encode_prompt(PROMPT), model.initial_latent(3), model.schedule(3)
    with torch.inference_mode():
        for step in (1, 2, 3):
            latent, _ = model.denoise_step(latent, step, schedule, conditioning, 7.0, NO_CACHE)
        return model.decode(latent)


def test_a_race_from_prompt_to_mp4(model: OpenSora, tmp_path: Path):
    events = list(generate_pair(REQUEST, tmp_path, previews=True, load=lambda _: model))
    assert isinstance(events[-1], Compared), events[-1]
    assert isinstance(events[0], Started)
    assert events[0].understood == ((PROMPT, "a red fox runs over the snow aesthetic score: 6.5."),)
    for event in events:
        if isinstance(event, Finished):
            video = iio.imread(event.video)
            assert video.shape == (SIZE.frames, 4 * SIZE.height, 4 * SIZE.width, 3)  # enlarged to 256 rows
            assert video.std() > 5


def test_the_same_seed_gives_the_same_video(model: OpenSora):
    assert np.array_equal(generate(model), generate(model))


@pytest.mark.parametrize("size", [Size(80, 64, 17), Size(64, 96, 34)])
def test_a_race_at_another_size(model: OpenSora, size: Size, tmp_path: Path):
    """The same weights, and at every place what a model loaded for that size has."""
    events = list(generate_pair(replace(REQUEST, size=size), tmp_path, load=lambda _: model))
    compared = events[-1]
    assert isinstance(compared, Compared), compared
    assert isinstance(events[0], Started)
    latent_frames = size.frames // 17 * 5
    shift = (size.height * size.width / 512**2 * latent_frames) ** 0.5
    even = [1 - step / 6 for step in range(6)]
    assert events[0].timesteps == pytest.approx([1000 * shift * t / (1 + (shift - 1) * t) for t in even])
    video = iio.imread(tmp_path / "baseline.mp4")
    assert video.shape == (size.frames, *(4 * side for side in (size.height, size.width)), 3)
    assert compared.summary["size"] == vars(size)
    latents = read_latents(tmp_path / LATENTS)
    assert latents is not None
    assert latents[1].shape == (1, 4, latent_frames, size.height // 8, size.width // 8)
    assert compared.trace.request.size == size
    assert model.card.size == SIZE
    assert model.with_size(size).parts.loaded is model.parts.loaded


def test_a_resized_model_is_one_loaded_at_that_size(checkpoint: Path, model: OpenSora):
    size = Size(72, 96, 17)
    resized, loaded = model.with_size(size), load(checkpoint, size)
    assert resized.card == loaded.card
    assert resized.card.stream_bytes == 2 * 5 * 5 * 6 * 64 * 4  # 9 x 12 latents are 5 x 6 patches
    assert np.array_equal(generate(resized), generate(loaded))


def test_a_size_it_cannot_make_or_hold_ends_the_race_in_words(
    model: OpenSora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def said(size: Size) -> str:
        failed = list(generate_pair(replace(REQUEST, size=size), tmp_path, load=lambda _: model))[-1]
        assert isinstance(failed, Failed)
        return failed.message

    assert said(Size(64, 80, 20)) == "frames must be 1 or a multiple of 17 up to 816, got 20"
    monkeypatch.setattr("app.models.runtime.memory_plan.free_bytes", lambda device: 0)
    assert "choose fewer frames or a smaller size" in said(Size(2160, 3840, 17))


@pytest.mark.parametrize("residence", ["host", "disk"])
def test_releasing_parts_changes_nothing(checkpoint: Path, model: OpenSora, residence: Residence):
    frugal = load(checkpoint, SIZE)
    frugal.parts.plan = MemoryPlan(CPU, CPU, residence, 0)
    assert np.array_equal(generate(frugal), generate(model))
    assert ("vae" in frugal.parts.loaded) == (residence == "host")


def test_running_out_of_memory_is_said_and_survived(
    model: OpenSora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def exhausted(*args: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr("app.models.open_sora.model.predict_velocity", exhausted)
        failed = list(generate_pair(REQUEST, tmp_path, load=lambda _: model))[-1]
    assert isinstance(failed, Failed)
    assert "not enough memory" in failed.message
    assert isinstance(list(generate_pair(REQUEST, tmp_path, load=lambda _: model))[-1], Compared)


def test_residuals_that_do_not_fit_are_refused_before_the_first_step(
    model: OpenSora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """PAB keeps one residual of each of 4 x 6 branches, each of 2 x 5 x 4 x 5 tokens of 64 float32 channels."""
    assert model.card.stream_bytes == 2 * 5 * 4 * 5 * 64 * 4
    pab = replace(REQUEST, method=PABConfig())

    def run(free: int) -> object:
        monkeypatch.setattr("app.generation.pair.free_bytes", lambda device: RESERVE + free)
        return list(generate_pair(pab, tmp_path, load=lambda _: model))[-1]

    failed = run(24 * model.card.stream_bytes - 1)
    assert isinstance(failed, Failed)
    assert failed.message.startswith("this method keeps 24 residuals of Open-Sora 1.2, 0.0 GB in all, and 1.0 GB")
    assert isinstance(run(24 * model.card.stream_bytes), Compared)


def test_recorded_runs_with_a_first_frame():
    """Upstream's sampler with a frame mask, 30 steps (golden adacache_runs, xmask_nocache)."""
    weights, tensors = GOLDEN / "adacache_weights.json", read_tensors(GOLDEN / "adacache_runs.json")
    transformer = load_transformer(weights)
    size = Size(*(int(tensors[f"arg.{name}"][0]) for name in ("height", "width", "num_frames")))
    config = STDiT3Config.from_upstream(read_json(weights)["config"])
    parts = Parts({"transformer": lambda device: transformer}, lambda _: MemoryPlan(CPU, CPU, "device", 0))
    null = transformer.y_embedder.y_embedding
    model = OpenSora(parts, Tokenizer.__new__(Tokenizer), null, Checkpoint(config), size)
    words = int(tensors["mask"].sum())
    text = torch.cat([tensors["y"], null[None, None]])[:, :, :words]
    first_frame = tensors["z"][:, :, :1]
    frames = placed({0: first_frame}, tuple(tensors["z"].shape[1:]))
    conditioning = Conditioning(text, torch.ones(1, words), (), (), frames)

    latent = torch.cat([torch.zeros_like(first_frame), tensors["z"][:, :, 1:]], dim=2)
    schedule = model.schedule(30)
    for step in range(1, 31):
        with torch.inference_mode():
            latent, _ = model.denoise_step(latent, step, schedule, conditioning, 7.0, NO_CACHE)
    torch.testing.assert_close(latent, tensors["final.xmask_nocache"], atol=1e-4, rtol=0)
    assert torch.equal(latent[:, :, :1], first_frame)


def test_an_image_is_one_frame(checkpoint: Path):
    model = load(checkpoint, Size(64, 80, 1))
    latent = model.initial_latent(0)
    assert latent.shape == (1, 4, 1, 8, 10)
    with torch.inference_mode():
        assert model.decode(latent).shape == (1, 64, 80, 3)


def test_padding_is_left_out_of_the_conditioning(model: OpenSora):
    conditioning = model.encode_prompt("a fox")
    words = int(model.tokenizer("a fox aesthetic score: 6.5.").mask.sum())
    assert 2 < words < 16
    assert conditioning.text.shape == (2, 1, words, 32)
    assert torch.equal(conditioning.text[1, 0], model.null_caption[:words])


def test_words_beyond_the_limit_are_reported(model: OpenSora):
    conditioning = model.encode_prompt("the small dog sails the blue ship over the snow")
    assert conditioning.text.shape[2] == 16
    assert conditioning.ignored
    assert conditioning.ignored[0].endswith("over the snow aesthetic score: 6.5.")


def test_the_text_encoder_ignores_padding(checkpoint: Path):
    folder = checkpoint / "t5-v1_1-xxl"
    encoder = load_text_encoder(folder, device=CPU, dtype=torch.float32)
    short, long = (Tokenizer(folder / "spiece.model", words)("a fox") for words in (8, 30))
    words = int(short.mask.sum())
    torch.testing.assert_close(encode(encoder, short)[:, :, :words], encode(encoder, long)[:, :, :words])


def test_the_preview_follows_a_linear_code():
    class Linear(OpenSoraVAE):
        """Encodes to the colours themselves and a constant, so that a fit must be exact."""

        def encode(self, video: Tensor) -> Tensor:
            small = torch.nn.functional.avg_pool3d(video, (1, 8, 8))[:, :, ::4]
            return torch.cat([small, torch.ones_like(small[:, :1])], dim=1)

    vae = Linear(
        VAEConfig(
            SpatialConfig((8, 8, 8, 8), 1, norm_num_groups=8),
            TemporalConfig(filters=8, num_res_blocks=1, num_groups=8),
        )
    )
    picture = torch.zeros(1, 3, 17, 32, 32)
    picture[:, 0, :, :16] = 1.0
    frames = fit(vae.encode, 17).frames(vae.encode(picture), vae.config.durations(17))
    assert frames.shape == (17, 4, 4, 3)
    np.testing.assert_allclose(frames[:, 0, 0], [[255, 127.5, 127.5]] * 17, atol=1)
    np.testing.assert_allclose(frames[:, 3, 0], [[127.5, 127.5, 127.5]] * 17, atol=1)


def test_every_latent_frame_stands_for_its_frames():
    assert VAEConfig().durations(17) == [1, 4, 4, 4, 4]
    assert VAEConfig().durations(51) == [1, 4, 4, 4, 4] * 3
    assert VAEConfig().durations(1) == [1]


def test_the_vaes_batch_bounds_memory_not_results(model: OpenSora):
    vae = model.parts.use("vae")
    assert isinstance(vae, OpenSoraVAE)
    latent = torch.randn(1, 4, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = vae.decode(latent, 17)
        vae.spatial_vae.batch = 3
        torch.testing.assert_close(vae.decode(latent, 17), expected, atol=1e-5, rtol=0)
        vae.spatial_vae.batch = 4
        with pytest.raises(ValueError, match="51 frames have 15 latent frames, got 5"):
            vae.decode(latent, 51)
