"""Small random checkpoints of diffusers' video pipelines in the published layout; one function a family."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLCogVideoX,
    AutoencoderKLHunyuanVideo,
    AutoencoderKLLTXVideo,
    AutoencoderKLMochi,
    AutoencoderKLTemporalDecoder,
    AutoencoderKLWan,
    CogVideoXDDIMScheduler,
    CogVideoXDPMScheduler,
    CogVideoXImageToVideoPipeline,
    CogVideoXPipeline,
    CogVideoXTransformer3DModel,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    HunyuanVideoPipeline,
    HunyuanVideoTransformer3DModel,
    LattePipeline,
    LatteTransformer3DModel,
    LTXPipeline,
    LTXVideoTransformer3DModel,
    MochiPipeline,
    MochiTransformer3DModel,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    LlamaConfig,
    LlamaModel,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
    UMT5Config,
    UMT5EncoderModel,
)

from app.models.diffusers.family import checkpoints
from app.models.size import Size
from app.selftest.checkpoints.text import byte_tokenizer, tokenizer, word_tokenizer

SIZES = {
    "latte-1": Size(16, 16, 4),
    "cogvideox-2b": Size(16, 16, 9),
    "cogvideox-5b": Size(16, 16, 9),
    "cogvideox-5b-i2v": Size(16, 16, 9),
    "wan-2.1-1.3b": Size(16, 16, 9),
    "wan-2.1-14b": Size(16, 16, 9),
    "wan-2.1-i2v-14b": Size(16, 16, 9),
    "wan-2.2-a14b": Size(16, 16, 9),
    "wan-2.2-i2v-a14b": Size(16, 16, 9),
    "wan-2.2-lightning": Size(16, 16, 9),
    "ltx-video": Size(32, 32, 9),
    "hunyuan-video": Size(16, 16, 9),
    "mochi-1": Size(16, 16, 13),
}


def write(model: str, folder: Path) -> Path:
    """Save a model's repository below `folder`, in the subfolder that `find` looks in."""
    place = folder / checkpoints()[model].repository.name
    torch.manual_seed(0)
    pipeline = BUILDERS[model](folder)
    pipeline.save_pretrained(place)
    if checkpoints()[model].vae != "vae":
        pipeline.vae.save_pretrained(place / checkpoints()[model].vae)
    return folder


def text(folder: Path, multilingual: bool = False) -> dict[str, Any]:
    """A tokenizer, and a T5 or UMT5 encoder of width 32."""
    pieces = folder / "pieces"
    pieces.mkdir(exist_ok=True)
    (pieces / "spiece.model").write_bytes(tokenizer())
    settings: dict[str, Any] = {
        "vocab_size": 256,
        "d_model": 32,
        "d_kv": 8,
        "d_ff": 48,
        "num_layers": 2,
        "num_heads": 4,
        "feed_forward_proj": "gated-gelu",
        "tie_word_embeddings": False,
    }
    encoder = UMT5EncoderModel(UMT5Config(**settings)) if multilingual else T5EncoderModel(T5Config(**settings))
    return {"tokenizer": T5Tokenizer.from_pretrained(pieces), "text_encoder": encoder.eval()}


def latte(folder: Path) -> LattePipeline:
    """Three pairs of blocks at width 16, with 4 frames."""
    return LattePipeline(
        **text(folder),
        transformer=LatteTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=8,
            in_channels=4,
            out_channels=8,
            num_layers=3,
            cross_attention_dim=16,
            attention_bias=True,
            sample_size=8,
            patch_size=2,
            activation_fn="gelu-approximate",
            num_embeds_ada_norm=1000,
            norm_type="ada_norm_single",
            norm_elementwise_affine=False,
            norm_eps=1e-6,
            caption_channels=32,
            video_length=4,
        ).eval(),
        vae=AutoencoderKLTemporalDecoder(
            down_block_types=("DownEncoderBlock2D",) * 2, block_out_channels=(32, 32), layers_per_block=1
        ).eval(),
        scheduler=DDIMScheduler(beta_schedule="linear", clip_sample=False),
    )


def cogvideox(
    folder: Path, *, rotary: bool = False, image: bool = False
) -> CogVideoXPipeline | CogVideoXImageToVideoPipeline:
    """Three blocks over text and video; with rotary positions, wider, and a scheduler that adds noise.

    image: whether videos start from one, whose latent is half of the input.
    """
    scheduler = CogVideoXDPMScheduler if rotary else CogVideoXDDIMScheduler
    pipeline = CogVideoXImageToVideoPipeline if image else CogVideoXPipeline
    return pipeline(
        **text(folder),
        transformer=CogVideoXTransformer3DModel(
            num_attention_heads=4,
            attention_head_dim=16 if rotary else 8,
            use_rotary_positional_embeddings=rotary,
            use_learned_positional_embeddings=image,
            in_channels=8 if image else 4,
            out_channels=4,
            time_embed_dim=2,
            text_embed_dim=32,
            num_layers=3,
            sample_width=2,
            sample_height=2,
            sample_frames=9,
            max_text_seq_length=226,
        ).eval(),
        vae=AutoencoderKLCogVideoX(
            down_block_types=("CogVideoXDownBlock3D",) * 4,
            up_block_types=("CogVideoXUpBlock3D",) * 4,
            block_out_channels=(8, 8, 8, 8),
            latent_channels=4,
            layers_per_block=1,
            norm_num_groups=2,
        ).eval(),
        scheduler=scheduler(
            prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing"
        ),
    )


def wan(
    folder: Path, *, shift: float = 3.0, two: bool = False, image: bool = False
) -> WanPipeline | WanImageToVideoPipeline:
    """Three blocks at width 24 and a scheduler with a memory; `two`: transformers, as in Wan 2.2.

    image: whether videos start from one, which one transformer alone sees through CLIP as well.
    """
    encodes = image and not two
    given: dict[str, Any] = {"in_channels": 36} if image else {}
    if encodes:
        given |= {"image_dim": 16, "added_kv_proj_dim": 24}

    def transformer() -> WanTransformer3DModel:
        return WanTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=12,
            text_dim=32,
            ffn_dim=32,
            num_layers=3,
            rope_max_seq_len=32,
            **given,
        ).eval()

    pipeline, also = WanPipeline, dict[str, Any]()
    if image:
        pipeline, also = WanImageToVideoPipeline, clip() if encodes else {}
    return pipeline(
        **also,
        **text(folder, multilingual=True),
        transformer=transformer(),
        transformer_2=transformer() if two else None,
        boundary_ratio=(0.9 if image else 0.875) if two else None,
        vae=AutoencoderKLWan(base_dim=3, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1).eval(),
        scheduler=UniPCMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift
        ),
    )


def clip() -> dict[str, Any]:
    """CLIP's processor of images, and its encoder of width 16."""
    size = {"height": 8, "width": 8}
    config = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,  # the last is not used
        num_attention_heads=2,
        image_size=8,
        patch_size=4,
    )
    return {
        "image_processor": CLIPImageProcessor(size={"shortest_edge": 8}, crop_size=size),
        "image_encoder": CLIPVisionModel(config).eval(),
    }


def ltx(folder: Path) -> LTXPipeline:
    """Three blocks at width 32 and a shifted schedule."""
    return LTXPipeline(
        **text(folder),
        transformer=LTXVideoTransformer3DModel(
            in_channels=8,
            out_channels=8,
            num_attention_heads=4,
            attention_head_dim=8,
            cross_attention_dim=32,
            num_layers=3,
            caption_channels=32,
        ).eval(),
        vae=AutoencoderKLLTXVideo(
            latent_channels=8,
            block_out_channels=(8, 8, 8, 8),
            decoder_block_out_channels=(8, 8, 8, 8),
            layers_per_block=(1, 1, 1, 1, 1),
            decoder_layers_per_block=(1, 1, 1, 1, 1),
        ).eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(
            use_dynamic_shifting=True, base_shift=0.95, max_shift=2.05, shift_terminal=0.1
        ),
    )


def hunyuan_video(folder: Path) -> HunyuanVideoPipeline:
    """One block of two streams and two of one at width 24, and two text encoders."""
    words, pieces = word_tokenizer(), byte_tokenizer()
    llama = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,  # the last two are not used
        num_attention_heads=4,
        pad_token_id=words.pad_token_id,
    )
    clip = CLIPTextConfig(
        vocab_size=len(pieces),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        projection_dim=16,
        bos_token_id=pieces.bos_token_id,
        eos_token_id=pieces.eos_token_id,
        pad_token_id=pieces.pad_token_id,
    )
    return HunyuanVideoPipeline(
        text_encoder=LlamaModel(llama).eval(),
        tokenizer=words,
        text_encoder_2=CLIPTextModel(clip).eval(),
        tokenizer_2=pieces,
        transformer=HunyuanVideoTransformer3DModel(
            in_channels=4,
            out_channels=4,
            num_attention_heads=2,
            attention_head_dim=12,
            num_layers=1,
            num_single_layers=2,
            num_refiner_layers=1,
            text_embed_dim=32,
            pooled_projection_dim=16,
            rope_axes_dim=(4, 4, 4),
        ).eval(),
        vae=AutoencoderKLHunyuanVideo(
            latent_channels=4, block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4
        ).eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )


def mochi(folder: Path) -> MochiPipeline:
    """Three blocks, at width 32 for the video and 16 for the text, and a scheduler whose levels rise."""
    transformer = MochiTransformer3DModel(
        num_attention_heads=4,
        attention_head_dim=8,
        num_layers=3,
        pooled_projection_dim=16,
        in_channels=12,
        text_embed_dim=32,
        time_embed_dim=8,
    ).eval()
    return MochiPipeline(
        **text(folder),
        transformer=transformer,
        vae=AutoencoderKLMochi(
            encoder_block_out_channels=(32, 32, 32, 32),
            decoder_block_out_channels=(32, 32, 32, 32),
            layers_per_block=(1, 1, 1, 1, 1),
        ).eval(),
        scheduler=FlowMatchEulerDiscreteScheduler(invert_sigmas=True),
    )


BUILDERS: dict[str, Callable[[Path], Any]] = {
    "latte-1": latte,
    "cogvideox-2b": cogvideox,
    "cogvideox-5b": partial(cogvideox, rotary=True),
    "cogvideox-5b-i2v": partial(cogvideox, rotary=True, image=True),
    "wan-2.1-1.3b": wan,
    "wan-2.1-14b": wan,
    "wan-2.1-i2v-14b": partial(wan, image=True),
    "wan-2.2-i2v-a14b": partial(wan, shift=5.0, two=True, image=True),
    "wan-2.2-a14b": partial(wan, shift=12.0, two=True),
    "wan-2.2-lightning": partial(wan, shift=5.0, two=True),
    "ltx-video": ltx,
    "hunyuan-video": hunyuan_video,
    "mochi-1": mochi,
}
