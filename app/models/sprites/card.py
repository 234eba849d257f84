"""What a person needs to know of Sprites, the embedded model."""

from app.caching.motion import MotionRegularisation
from app.models.base import ModelCard

TIMESTEP_SHIFT = 5.0  # objects are decided in the noise; Open-Sora at 480p and 51 frames shifts by 4.8
CARD = ModelCard(
    id="sprites",
    title="Sprites",
    description="A small video diffusion transformer of Open-Sora 1.2's architecture, trained for this project.",
    needs="any CPU; weights are included",
    height=64,
    width=64,
    frames=16,
    fps=8.0,
    depth=4,
    steps=30,
    max_steps=200,
    guidance=2.0,
    codebook="sprites-fast",
    # In 30 recordings the motion of all clips starts near 0.26; still ones fall to 0.08, fast ones to 0.17. So
    # sprites-fast spends about as much on all of them together as without.
    motion=MotionRegularisation(reference=0.2, power=4.0, gradient_scale=1.0),
    signals=frozenset({"modulated-input", "first-block", "latent", "output"}),
    flow=True,
    flow_shift=TIMESTEP_SHIFT,
    example_prompts=(
        "a car moving right fast in the desert",
        "a tree standing still in a meadow",
        "a boat moving left slowly on the ocean",
        "an apple falling slowly in a meadow",
        "a ghost swaying in the city",
        "a dog moving right fast over snow",
    ),
)
