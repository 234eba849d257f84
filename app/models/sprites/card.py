"""What a person needs to know of Sprites, the embedded model."""

from app.caching.motion import MotionRegularisation
from app.models.base import ModelCard

TIMESTEP_SHIFT = 5.0  # objects are decided in the noise; Open-Sora at 480p and 51 frames shifts by 4.8
CARD = ModelCard(
    id="sprites",
    title="Sprites",
    description="A small video diffusion transformer of Open-Sora 1.2's architecture, trained for this project.",
    needs="any CPU; weights are included",
    height=128,
    width=128,
    frames=16,
    fps=8.0,
    depth=4,
    steps=30,
    max_steps=200,
    guidance=3.5,
    codebook="sprites-fast",
    # In recordings the motion of all clips starts alike, in the noise. With this reference sprites-fast spends
    # about as much on all of them together as without.
    motion=MotionRegularisation(reference=0.28, power=4.0, gradient_scale=1.0),
    signals=frozenset({"modulated-input", "first-block", "latent", "output"}),
    flow=True,
    flow_shift=TIMESTEP_SHIFT,
    example_prompts=(
        "many balloons rising slowly in the sky",
        "an empty meadow",
        "a rocket rising fast in the night sky",
        "a tree standing still in a meadow in falling leaves",
        "a boat on the ocean, the camera pans right",
        "a heart blinking on a pink background",
        "two dogs moving right fast over snow",
        "a ball bouncing fast with confetti",
    ),
)
