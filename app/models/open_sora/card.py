"""What a person needs to know of Open-Sora 1.2."""

from app.caching.motion import MotionRegularisation
from app.models.base import Chunk, ModelCard
from app.models.condition_image import PLACES
from app.models.open_sora.caption import AESTHETIC_SCORE
from app.models.open_sora.sizes import CHUNK, LATENT_CHUNK, PAPER_SIZE, SIZES
from app.models.settings import PRECISIONS

# The settings of the paper's Open-Sora experiments: 480p, 2 s, 30 steps.
CARD = ModelCard(
    id="open-sora-1.2",
    title="Open-Sora 1.2",
    description="STDiT3-XL/2 with VAE 1.2 and T5 v1.1 XXL, from the published checkpoints.",
    needs="a GPU with 8 GB or more, 25 GB of weights from Hugging Face, and 16 GB of main memory",
    height=PAPER_SIZE.height,
    width=PAPER_SIZE.width,
    frames=PAPER_SIZE.frames,
    fps=24.0,
    depth=28,
    steps=30,
    max_steps=1000,
    guidance=7.0,
    codebook="fast",
    sizes=SIZES,
    motion=MotionRegularisation(),  # the released code's settings are for this model
    signals=frozenset({"modulated-input", "first-block", "latent", "output"}),
    flow=True,
    precisions=PRECISIONS,
    aesthetic=AESTHETIC_SCORE,
    images=PLACES,
    chunk=Chunk(LATENT_CHUNK, CHUNK),
    example_prompts=(
        "A serene waterfall cascading down moss-covered rocks in a lush green forest.",
        "A sports car drives along a coastal road at sunset, waves breaking on the cliffs below.",
        "Time-lapse of clouds rolling over a snowy mountain range under a bright blue sky.",
        "A golden retriever puppy runs through fresh snow towards the camera.",
        "A quiet street in the rain at night, neon signs reflected in the puddles.",
    ),
)
