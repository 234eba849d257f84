"""Open-Sora-Plan 1.1 as a VideoModel: T5, LatteT2V and CausalVAE in turn, from the published checkpoints."""

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from app.caching.cache import BranchCache
from app.models.base import Conditioning, Frames
from app.models.networks.caption import clean, cleaned_prompt
from app.models.networks.t5 import Tokenizer, encode, load_text_encoder, parameters
from app.models.open_sora_plan.card import CARD
from app.models.open_sora_plan.estimate import estimate
from app.models.open_sora_plan.lattet2v import LatteT2V, LatteT2VConfig
from app.models.open_sora_plan.repositories import FOLDER_VARIABLE, REPOSITORIES, TRANSFORMER, VAE, WEIGHTS
from app.models.open_sora_plan.requirements import checks
from app.models.open_sora_plan.sampling import predict_noise
from app.models.open_sora_plan.tiling import Tiling
from app.models.open_sora_plan.vae import TRAINING_ONLY, CausalVAE, VAEConfig
from app.models.published import PublishedModel
from app.models.requirements import refuse_unless_ready
from app.models.runtime.device import compute_device
from app.models.runtime.memory_plan import plan_now
from app.models.runtime.parts import Parts
from app.models.runtime.weights import Progress, load_module, local_folder, locate, read_config
from app.models.samplers.pndm import advance, initial_state, predict_video, timesteps
from app.models.settings import Settings

PREVIEW_FRAMES = 5  # of the still video that previews are fitted on


class OpenSoraPlan(PublishedModel):
    """Text to video. A latent of this model is its sampler's state, (6, channels, frames, height, width)."""

    def __init__(self, parts: Parts, tokenizer: Tokenizer, transformer: LatteT2VConfig, vae: VAEConfig):
        _, frames, height, width = transformer.latent_shape
        video_frames = 1 + (frames - 1) * vae.time
        super().__init__(
            parts,
            replace(
                CARD,
                height=height * vae.space,
                width=width * vae.space,
                frames=video_frames,
                depth=transformer.num_layers,
            ),
            latent_shape=transformer.latent_shape,
            durations=vae.durations(video_frames),
            caption_shape=(transformer.model_max_length, transformer.caption_channels),
            preview_frames=PREVIEW_FRAMES,
        )
        self.tokenizer = tokenizer
        self.negative_prompt = ""

    def with_settings(self, settings: Settings) -> "OpenSoraPlan":
        """The same parts with another negative prompt."""
        model = copy(self)
        model.negative_prompt = settings.negative_prompt or ""
        return model

    def encode_prompt(self, prompt: str) -> Conditioning:
        """Encode a prompt and the negative one, which is the empty one unless a run asks for another."""
        caption = cleaned_prompt(prompt)
        tokens = self.tokenizer(caption)
        words = int(tokens.mask.sum())
        negative = self.tokenizer(clean(self.negative_prompt))
        encoder = self.parts.use("text")
        text = torch.cat([encode(encoder, tokens), encode(encoder, negative)])
        return Conditioning(
            text=text[:, :, :words].to(self.parts.plan.device),  # of the negative one as many, as upstream does
            mask=torch.ones(1, words, device=self.parts.plan.device),
            understood=((prompt, caption),),
            ignored=(tokens.cut,) if tokens.cut else (),
        )

    def initial_latent(self, seed: int) -> Tensor:
        """The sampler's state with noise of the seed."""
        return initial_state(self.noise(seed))

    def schedule(self, steps: int) -> tuple[float, ...]:
        """PNDM's timesteps: nine more than steps."""
        return timesteps(steps)

    def denoise_step(
        self,
        latent: Tensor,
        step: int,
        schedule: tuple[float, ...],
        conditioning: Conditioning,
        guidance: float,
        cache: BranchCache,
    ) -> tuple[Tensor, Tensor]:
        """One guided evaluation and what PNDM makes of it."""
        timestep = schedule[step - 1]
        noise = self.predict(latent[:1], timestep, conditioning, guidance, cache)
        return advance(latent, noise, schedule, step), predict_video(latent, noise, timestep)

    def preview(self, clean_latent: Tensor) -> Frames:
        """A linear look at a latent."""
        return self.look_at(clean_latent)

    def decode(self, latent: Tensor) -> Frames:
        """The video, tile after tile."""
        return self.pictures(latent[:1])

    def predict(
        self, latent: Tensor, timestep: float, conditioning: Conditioning, guidance: float, cache: BranchCache
    ) -> Tensor:
        """The guided noise."""
        transformer = cast(LatteT2V, self.parts.use("transformer"))
        return predict_noise(transformer, latent, timestep, conditioning, guidance, cache, self.sharding)

    def encode_video(self, vae: nn.Module, video: Tensor) -> Tensor:
        """The latent of a video."""
        return cast(CausalVAE, vae).encode(video)

    def decode_video(self, vae: nn.Module, latent: Tensor) -> Iterable[Tensor]:
        """The video of a latent, in one piece made of tiles."""
        return (cast(CausalVAE, vae).decode(latent, Tiling()),)


def load(folder: Path | None = None, progress: Progress | None = None) -> OpenSoraPlan:
    """Open-Sora-Plan from a local folder, or from the Hub: what is missing there is downloaded.

    Reads configurations only; each part's weights are read when it is first used. Raises ValueError, which says
    what is missing. bfloat16 on a GPU, where upstream runs float16; float32 on a CPU.
    """
    folder = folder or local_folder(FOLDER_VARIABLE)
    if folder is None:
        refuse_unless_ready(CARD.title, checks())
    text, model = (locate(repository, folder, progress) for repository in REPOSITORIES)
    transformer = LatteT2VConfig.from_upstream(read_config(model / TRANSFORMER))
    vae = VAEConfig.from_upstream(read_config(model / VAE))
    device, dtype = compute_device()
    needs = estimate(transformer, vae, parameters(read_config(text)), dtype)

    def load_transformer(device: torch.device) -> nn.Module:
        return load_module(
            lambda: LatteT2V(transformer), model / TRANSFORMER / WEIGHTS, device=device, dtype=dtype
        )

    def load_vae(device: torch.device) -> nn.Module:
        file = model / VAE / WEIGHTS
        return load_module(lambda: CausalVAE(vae), file, device=device, dtype=dtype, unused=TRAINING_ONLY)

    parts = Parts(
        {
            "text": lambda device: load_text_encoder(text, device=device, dtype=dtype),
            "transformer": load_transformer,
            "vae": load_vae,
        },
        lambda loaded: plan_now(needs, device, loaded),
    )
    return OpenSoraPlan(parts, Tokenizer(text / "spiece.model", transformer.model_max_length), transformer, vae)
