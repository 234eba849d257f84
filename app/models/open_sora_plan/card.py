"""What a person needs to know of Open-Sora-Plan 1.1."""

from app.caching.branches import TEXT_IN_SPACE
from app.caching.motion import MotionRegularisation
from app.models.base import ModelCard
from app.models.settings import PRECISIONS

# The settings of the paper's Open-Sora-Plan experiments: 512 x 512, 2.7 s, 150 steps.
CARD = ModelCard(
    id="open-sora-plan-1.1",
    title="Open-Sora-Plan 1.1",
    description="LatteT2V with CausalVAE and T5 v1.1 XXL, from the published checkpoints. The thresholds of the "
    "codebooks are Open-Sora's, as this model's are published nowhere.",
    needs="a GPU with 8 GB or more, 25 GB of weights from Hugging Face, and 16 GB of main memory",
    height=512,
    width=512,
    frames=65,
    fps=24.0,
    depth=28,
    steps=150,
    max_steps=990,  # PNDM makes nine more
    guidance=7.5,
    codebook="fast-100",
    motion=MotionRegularisation(),
    motion_fits=False,  # none is published for this model; these are Open-Sora's
    example_prompts=(
        "A quiet beach at dawn, the waves gently lapping at the shore and the sky painted in pastel hues.",
        "A snowy forest with a dirt road running through it, tall pines on both sides.",
        "Slow pan over a bowl of ripe strawberries on a wooden table, morning light.",
        "A small cabin by a mountain lake, smoke rising from its chimney.",
    ),
    negative_prompt="",
    precisions=PRECISIONS,
    layout=TEXT_IN_SPACE,
    signals=frozenset({"modulated-input", "first-block"}),
)
