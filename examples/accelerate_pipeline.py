"""Accelerate a diffusers pipeline in place: python examples/accelerate_pipeline.py MODEL_FOLDER_OR_HUB_ID

Any pipeline of Latte, CogVideoX, Wan, LTX-Video, HunyuanVideo or Mochi; the codebooks are Open-Sora's, so look at
what was computed.
"""

import sys

import torch
from diffusers import DiffusionPipeline

from app import adacache


def main(model: str) -> None:
    """Generate one video and say which steps were computed."""
    pipe = DiffusionPipeline.from_pretrained(model)
    pipe.to("cuda" if torch.cuda.is_available() else "cpu")
    with adacache(pipe, codebook="fast") as run:
        pipe("a red fox runs over the snow", num_inference_steps=30)
    print(
        f"computed {len(run.trace.computed_steps)} of {len(run.trace.records)} steps: {run.trace.computed_steps}"
    )
    print(f"estimated speedup of the denoising loop: {run.speedup_estimate:.2f}x")


if __name__ == "__main__":
    main(sys.argv[1])
