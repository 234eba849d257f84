"""The full-size model on the meta device: devices, dtypes, names and FLOPs, without a byte of memory."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from app.caching.cache import NO_CACHE
from app.models.base import Conditioning, GivenFrames
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.networks.t5 import T5_XXL_PARAMETERS, parameters
from app.models.open_sora.sampling import predict_velocity
from app.models.open_sora.sizes import PAPER_SIZE
from app.models.open_sora.vae import OpenSoraVAE, VAEConfig

HEAVY = ("linear", "conv", "matmul", "mm", "attention")
STEPS = 30


class Watch(TorchDispatchMode):
    """Fails on a tensor away from the meta device, on float64, and on heavy work in other than bfloat16."""

    heavy = 0

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = operation(*args, **(kwargs or {}))
        for tensor in tensors(result):
            host_scalar = tensor.device.type == "cpu" and tensor.numel() == 1  # height and width
            assert tensor.device.type == "meta" or host_scalar, f"{operation} made a tensor on {tensor.device}"
            assert tensor.dtype != torch.float64, f"{operation} made a float64 tensor"
        if any(name in str(operation) for name in HEAVY):
            self.heavy += 1
            inputs = {tensor.dtype for tensor in tensors(args) if tensor.is_floating_point()}
            assert inputs == {torch.bfloat16}, f"{operation} works in {inputs}"
        return result


def tensors(value: object) -> Iterator[Tensor]:
    return (leaf for leaf in tree_leaves(value) if isinstance(leaf, Tensor))


@pytest.fixture(scope="module")
def transformer() -> STDiT3:
    with torch.device("meta"):
        return STDiT3(STDiT3Config()).bfloat16().eval()


@pytest.fixture(scope="module")
def vae() -> OpenSoraVAE:
    with torch.device("meta"):
        return OpenSoraVAE(VAEConfig()).bfloat16().eval()


@pytest.fixture(scope="module")
def latent() -> Tensor:
    return torch.empty(1, *VAEConfig().latent_shape(51, 480, 854), device="meta")


def conditioning(words: int, frames: GivenFrames | None = None) -> Conditioning:
    text = torch.empty(2, 1, words, 4096, device="meta", dtype=torch.bfloat16)
    return Conditioning(text, torch.ones(1, words, device="meta"), (), (), frames)


@pytest.mark.parametrize("image_to_video", [False, True])
def test_a_step_stays_on_its_device_in_bfloat16(transformer: STDiT3, latent: Tensor, image_to_video: bool):
    first = torch.zeros(latent.shape[2], dtype=torch.bool, device="meta")
    given = conditioning(20, GivenFrames(latent, first) if image_to_video else None)
    with torch.inference_mode(), Watch() as watch:
        velocity = predict_velocity(transformer, latent, 500.0, given, 7.0, PAPER_SIZE, NO_CACHE)
    assert velocity.shape == latent.shape
    assert velocity.dtype == torch.float32
    assert watch.heavy > 28 * 2 * 8


def test_the_vae_stays_on_its_device_in_bfloat16(vae: OpenSoraVAE, latent: Tensor):
    with torch.inference_mode(), Watch() as watch:
        shapes = [chunk.shape for chunk in vae.decode_chunks(latent.bfloat16(), 51)]
        encoded = vae.encode(torch.empty(1, 3, 51, 480, 848, device="meta", dtype=torch.bfloat16))
    assert sum(shape[2] for shape in shapes) == 51
    assert {(shape[1], *shape[3:]) for shape in shapes} == {(3, 480, 848)}
    assert encoded.shape == latent.shape
    assert encoded.dtype == torch.bfloat16
    assert watch.heavy > 500


@pytest.mark.parametrize(("words", "teraflops"), [(300, 3390.6), (20, 3282.0)])
def test_flops_of_the_papers_run(transformer: STDiT3, latent: Tensor, words: int, teraflops: float):
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        predict_velocity(transformer, latent, 500.0, conditioning(words), 7.0, PAPER_SIZE, NO_CACHE)
    assert counter.get_total_flops() * STEPS / 1e12 == pytest.approx(teraflops, abs=0.05)


def test_flops_of_decoding(vae: OpenSoraVAE, latent: Tensor):
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        for _ in vae.decode_chunks(latent.bfloat16(), 51):
            pass
    assert counter.get_total_flops() / 1e12 == pytest.approx(246.3, abs=0.05)


def test_the_text_encoder_has_the_parameters_we_count():
    from transformers import T5Config, T5EncoderModel

    config = T5Config(  # type: ignore[call-arg]  # its stubs lack tie_word_embeddings
        vocab_size=32128,
        d_model=4096,
        d_kv=64,
        d_ff=10240,
        num_layers=24,
        num_heads=64,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
    )
    with torch.device("meta"):
        encoder = T5EncoderModel(config)
    assert sum(p.numel() for p in encoder.parameters()) == parameters(config.to_dict()) == T5_XXL_PARAMETERS
