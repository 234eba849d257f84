"""Open-Sora 1.2 as a VideoModel: T5, STDiT3 and VAE 1.2 in turn, from the published checkpoints."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import safe_open
from torch import Tensor, nn

from app.caching.cache import BranchCache
from app.models.base import Conditioning, Frames, GivenFrames
from app.models.condition_image import ConditionImage, ImagePlace
from app.models.networks.stdit3 import STDiT3, STDiT3Config
from app.models.networks.t5 import Tokenizer, encode, load_text_encoder, parameters
from app.models.open_sora.caption import trained_caption
from app.models.open_sora.card import CARD
from app.models.open_sora.estimate import Checkpoint, estimate
from app.models.open_sora.given_frames import START, check_room, placed, position_of, put
from app.models.open_sora.repositories import FOLDER_VARIABLE, REPOSITORIES
from app.models.open_sora.requirements import checks
from app.models.open_sora.sampling import predict_velocity
from app.models.open_sora.sizes import CHUNK, LATENT_CHUNK, PAPER_SIZE, SMALLEST, check_size
from app.models.open_sora.vae import OpenSoraVAE, VAEConfig
from app.models.published import PublishedModel
from app.models.requirements import refuse_unless_ready
from app.models.runtime.device import compute_device
from app.models.runtime.memory_plan import MemoryPlan, plan_now
from app.models.runtime.parts import Loaded, Parts
from app.models.runtime.weights import Progress, load_module, local_folder, locate, read_config
from app.models.samplers.rectified_flow import euler_step, predict_video, timesteps
from app.models.settings import SCORES, Settings
from app.models.size import Size

NULL_CAPTION = "y_embedder.y_embedding"


class OpenSora(PublishedModel):
    """Text to video or to an image; images or an earlier clip's end may be given as frames of it."""

    def __init__(
        self,
        parts: Parts,
        tokenizer: Tokenizer,
        null_caption: Tensor,
        checkpoint: Checkpoint,
        size: Size = PAPER_SIZE,
    ):
        check_size(size)
        transformer, vae = checkpoint.transformer, checkpoint.vae
        card = replace(CARD, depth=transformer.depth, stream_bytes=checkpoint.stream_bytes(size), **vars(size))
        super().__init__(
            parts,
            card,
            latent_shape=vae.latent_shape(size.frames, size.height, size.width),
            durations=vae.durations(size.frames),
            caption_shape=(transformer.model_max_length, transformer.caption_channels),
            preview_frames=vae.chunk,
        )
        self.tokenizer = tokenizer
        self.null_caption = null_caption  # (words, caption_channels)
        self.checkpoint = checkpoint
        self.size = size
        self.scores: dict[str, Any] = {}  # of the caption, that are not as published
        self.images: Mapping[ImagePlace, ConditionImage] = {}
        self.start: Tensor | None = None  # (1, channels, frames, height, width), the end of an earlier clip

    def with_size(self, size: Size) -> "OpenSora":
        """The same model for videos of another size: its weights are shared, its memory is planned anew."""
        parts = Parts(self.parts.loaders, _planner(self.checkpoint, size), self.parts.loaded)
        return OpenSora(parts, self.tokenizer, self.null_caption, self.checkpoint, size).shared(self.shard)

    def with_settings(self, settings: Settings) -> "OpenSora":
        """The same weights with other scores in the caption; a ValueError where an image can have none."""
        scores = {name: value for name, value in settings.given.items() if name in SCORES}
        if self.size.frames == 1 and (moving := [name for name in scores if name != "aesthetic"]):
            raise ValueError(f"a {moving[0].replace('_', ' ')} is for videos, and this request is for one frame")
        model = copy(self)
        model.scores = scores
        return model

    def with_images(self, images: Mapping[ImagePlace, ConditionImage]) -> "OpenSora":
        """The same weights for videos with these images; a ValueError where the video is too short for one."""
        for place in images:
            check_room(place, self.size.frames)
        model = copy(self)
        model.images = images
        return model

    def with_start(self, latent: Tensor) -> "OpenSora":
        """The same weights for videos that begin with the end of an earlier clip."""
        model = copy(self)
        model.start = latent
        return model

    def encode_prompt(self, prompt: str) -> Conditioning:
        """Encode a prompt with its scores, and the frames that the video is to have."""
        caption = trained_caption(prompt, **self.scores)
        tokens = self.tokenizer(caption)
        words = int(tokens.mask.sum())
        text = encode(self.parts.use("text"), tokens).to(self.parts.plan.device)
        null = self.null_caption.to(text)[None, None]
        return Conditioning(
            # Padding is left out, of the null caption as well: that is what attending under upstream's mask does.
            text=torch.cat([text, null])[:, :, :words],
            mask=torch.ones(1, words, device=text.device),
            understood=((prompt, caption),),
            ignored=(tokens.cut,) if tokens.cut else (),
            frames=self._given_frames(),
        )

    def initial_latent(self, seed: int) -> Tensor:
        """Noise of the seed."""
        return self.noise(seed)

    def schedule(self, steps: int) -> tuple[float, ...]:
        """Timesteps, shifted towards noise for this size."""
        return timesteps(steps, height=self.size.height, width=self.size.width, frames=self.size.frames)

    def denoise_step(
        self,
        latent: Tensor,
        step: int,
        schedule: tuple[float, ...],
        conditioning: Conditioning,
        guidance: float,
        cache: BranchCache,
    ) -> tuple[Tensor, Tensor]:
        """One guided Euler step; frames that are given take their place in the latent and keep it."""
        if conditioning.frames is not None:
            latent = put(latent, conditioning.frames, self.sharding)
        timestep = schedule[step - 1]
        velocity = self.predict(latent, timestep, conditioning, guidance, cache)
        return euler_step(latent, velocity, schedule, step), predict_video(latent, velocity, timestep)

    def preview(self, clean_latent: Tensor) -> Frames:
        """A linear look at a latent."""
        return self.look_at(clean_latent)

    def decode(self, latent: Tensor) -> Frames:
        """The video, a few frames at a time."""
        return self.pictures(latent)

    def predict(
        self, latent: Tensor, timestep: float, conditioning: Conditioning, guidance: float, cache: BranchCache
    ) -> Tensor:
        """The guided velocity."""
        transformer = cast(STDiT3, self.parts.use("transformer"))
        return predict_velocity(
            transformer, latent, timestep, conditioning, guidance, self.size, cache, self.sharding
        )

    def encode_video(self, vae: nn.Module, video: Tensor) -> Tensor:
        """The latent of a video."""
        return cast(OpenSoraVAE, vae).encode(video)

    def decode_video(self, vae: nn.Module, latent: Tensor) -> Iterable[Tensor]:
        """The video of a latent, a few frames at a time."""
        return cast(OpenSoraVAE, vae).decode_chunks(latent, self.size.frames)

    def _given_frames(self) -> GivenFrames | None:
        """Images and the earlier clip's end, encoded, each in its place of the latent; none without any."""
        latents = {}
        if self.start is not None:
            latents[START] = self._encoded_again(self.start)
        for place, image in self.images.items():
            fitted = image.fitted(self.size.height, self.size.width)
            pixels = torch.from_numpy(fitted.copy()).float() / 127.5 - 1
            with torch.inference_mode():
                encoded = self.encode(pixels.permute(2, 0, 1)[None, :, None]).float()
            latents[position_of(place, self.latent_shape[1])] = encoded
        return placed(latents, self.latent_shape) if latents else None

    def _encoded_again(self, latent: Tensor) -> Tensor:
        """What encoding the decoded frames of a latent gives, which is what upstream goes on from."""
        frames = latent.shape[2] // LATENT_CHUNK * CHUNK
        vae = cast(OpenSoraVAE, self.parts.use("vae"))
        with torch.inference_mode():
            video = vae.decode(latent.to(next(vae.parameters())), frames)
            return self.encode(video).float()


def load(folder: Path | None = None, size: Size = PAPER_SIZE, progress: Progress | None = None) -> OpenSora:
    """Open-Sora from a local folder, or from the Hub: what is missing there is downloaded.

    Reads configurations only; each part's weights are read when it is first used. Raises ValueError, which says
    what is missing; a size that does not fit is refused when it is used. bfloat16 on a GPU, float32 on a CPU.
    """
    folder = folder or local_folder(FOLDER_VARIABLE)
    if folder is None:
        refuse_unless_ready(CARD.title, checks(SMALLEST))
    text, transformer_file, vae_file = (locate(repository, folder, progress) for repository in REPOSITORIES)
    transformer_config = STDiT3Config.from_upstream(read_config(transformer_file))
    vae_config = VAEConfig.from_upstream(read_config(vae_file))
    _, dtype = compute_device()
    checkpoint = Checkpoint(transformer_config, vae_config, parameters(read_config(text)), dtype)

    def load_transformer(device: torch.device) -> nn.Module:
        file = transformer_file / "model.safetensors"
        return load_module(lambda: STDiT3(transformer_config), file, device=device, dtype=dtype)

    def load_vae(device: torch.device) -> nn.Module:
        file = vae_file / "model.safetensors"
        return load_module(lambda: OpenSoraVAE(vae_config), file, device=device, dtype=dtype)

    parts = Parts(
        {
            "text": lambda device: load_text_encoder(text, device=device, dtype=dtype),
            "transformer": load_transformer,
            "vae": load_vae,
        },
        _planner(checkpoint, size),
    )
    with safe_open(transformer_file / "model.safetensors", framework="pt") as stored:
        null_caption = stored.get_tensor(NULL_CAPTION)
    tokenizer = Tokenizer(text / "spiece.model", transformer_config.model_max_length)
    return OpenSora(parts, tokenizer, null_caption, checkpoint, size)


def _planner(checkpoint: Checkpoint, size: Size) -> Callable[[Loaded], MemoryPlan]:
    return lambda loaded: plan_now(estimate(checkpoint, size), compute_device()[0], loaded)
