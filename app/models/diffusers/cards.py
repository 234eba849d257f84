"""What a person needs to know of the models that run through diffusers, with their published defaults."""

from dataclasses import dataclass
from typing import Literal

from app.caching.branches import TEXT_IN_SPACE, WHOLE_BLOCKS
from app.caching.motion import MotionRegularisation
from app.models.base import ModelCard
from app.models.networks.t5 import T5_XXL_PARAMETERS
from app.models.runtime.weights import Repository

FamilyName = Literal["latte", "cogvideox", "wan", "ltx"]
FOLDER_VARIABLE = "DIFFUSERS_FOLDER"  # a local folder with the repositories as subfolders, instead of the Hub
UMT5_XXL_PARAMETERS = 5_680_910_336  # of the encoder alone
UNCALIBRATED = "The thresholds of the codebooks are Open-Sora's, not this model's; a recording shows what fits it."
PROMPTS = (
    "A serene waterfall cascading down moss-covered rocks in a lush green forest.",
    "A golden retriever puppy runs through fresh snow towards the camera.",
    "Time-lapse of clouds rolling over a snowy mountain range under a bright blue sky.",
    "A sailing boat heels in strong wind, waves breaking over its bow.",
)


@dataclass(frozen=True)
class Source:
    """A published model: its card, where its weights are, and what its repository does not say."""

    card: ModelCard
    family: FamilyName
    repository: Repository
    text_parameters: int
    vae: str = "vae"  # folder of the decoder that is used
    vae_in_float32: bool = False
    negative_prompt: str = ""


def _repository(name: str, size: int, *, vae: str = "vae") -> Repository:
    weights = [f"{part}/*.safetensors" for part in ("text_encoder", "transformer", vae)]
    configs = [f"{part}/*.json" for part in ("text_encoder", "transformer", vae, "tokenizer", "scheduler")]
    return Repository(
        name, ("model_index.json", *configs, "tokenizer/spiece.model|tokenizer/tokenizer.json", *weights), size
    )


LATTE_1 = Source(
    ModelCard(
        id="latte-1",
        title="Latte-1",
        description="Latte's text-to-video transformer through diffusers, decoded with the temporal decoder.",
        needs="a GPU with 12 GB or more and 22 GB of weights from Hugging Face",
        height=512,
        width=512,
        frames=16,
        fps=8.0,
        depth=28,
        steps=50,
        max_steps=1000,
        guidance=7.5,
        codebook="fast",
        motion=MotionRegularisation(),
        example_prompts=PROMPTS,
        layout=TEXT_IN_SPACE,
        signals=frozenset({"modulated-input", "first-block"}),
    ),
    "latte",
    _repository("maxin-cn/Latte-1", 23_700_000_000, vae="vae_temporal_decoder"),
    T5_XXL_PARAMETERS,
    vae="vae_temporal_decoder",
)
COGVIDEOX_2B = Source(
    ModelCard(
        id="cogvideox-2b",
        title="CogVideoX-2B",
        description=f"Joint attention over text and video; whole blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 12 GB or more and 14 GB of weights from Hugging Face",
        height=480,
        width=720,
        frames=49,
        fps=8.0,
        depth=30,
        steps=50,
        max_steps=1000,
        guidance=6.0,
        codebook="fast",
        motion=MotionRegularisation(),
        example_prompts=PROMPTS,
        layout=WHOLE_BLOCKS,
    ),
    "cogvideox",
    _repository("THUDM/CogVideoX-2b", 13_800_000_000),
    T5_XXL_PARAMETERS,
)
WAN_1_3B = Source(
    ModelCard(
        id="wan-2.1-1.3b",
        title="Wan 2.1 1.3B",
        description=f"Full attention over space and time; whole blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 16 GB or more and 29 GB of weights from Hugging Face",
        height=480,
        width=832,
        frames=81,
        fps=16.0,
        depth=30,
        steps=50,
        max_steps=1000,
        guidance=5.0,
        codebook="fast",
        motion=MotionRegularisation(),
        example_prompts=PROMPTS,
        layout=WHOLE_BLOCKS,
    ),
    "wan",
    _repository("Wan-AI/Wan2.1-T2V-1.3B-Diffusers", 29_000_000_000),
    UMT5_XXL_PARAMETERS,
    vae_in_float32=True,
)
LTX_VIDEO = Source(
    ModelCard(
        id="ltx-video",
        title="LTX-Video",
        description=f"A strongly compressed latent and full attention; whole blocks are reused. {UNCALIBRATED}",
        needs="a GPU with 12 GB or more and 28 GB of weights from Hugging Face",
        height=480,
        width=704,
        frames=161,
        fps=24.0,
        depth=28,
        steps=50,
        max_steps=1000,
        guidance=3.0,
        codebook="fast",
        motion=MotionRegularisation(),
        example_prompts=PROMPTS,
        layout=WHOLE_BLOCKS,
    ),
    "ltx",
    _repository("Lightricks/LTX-Video", 28_500_000_000),
    T5_XXL_PARAMETERS,
    negative_prompt="worst quality, inconsistent motion, blurry, jittery, distorted",
)
SOURCES: dict[str, Source] = {source.card.id: source for source in (LATTE_1, COGVIDEOX_2B, WAN_1_3B, LTX_VIDEO)}
CARDS = tuple(source.card for source in SOURCES.values())
