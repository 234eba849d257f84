"""What the published Open-Sora needs of the memory for one video, from what it takes a token and a latent pixel.

Tracing it (estimate.py) takes up to a minute; the traced figures are linear in these, to a thousandth, and the
page and `doctor` ask for the answer at once. tests/models/open_sora/test_memory.py holds both together.
"""

from app.models.networks.t5 import MAX_WORDS
from app.models.open_sora.estimate import Checkpoint
from app.models.runtime.memory_plan import CACHED_STREAMS, Need, Part
from app.models.size import Size

WEIGHTS: dict[Part, int] = {"transformer": 2_417_745_544, "vae": 786_682_030}
STEP, STEP_A_STREAM = 6_368_672, 16.0278  # bytes, and for each byte of the token stream
# Bytes for each latent pixel of each frame that is decoded at once, and for each latent pixel of the whole video.
DECODE_AT_ONCE, DECODE_A_PIXEL = 98_696.0, 62.4


def needs(size: Size) -> dict[Part, Need]:
    """The needs of each part in bfloat16."""
    checkpoint = Checkpoint()
    stream = checkpoint.stream_bytes(size)
    _, frames, height, width = checkpoint.vae.latent_shape(size.frames, size.height, size.width)
    step = STEP + STEP_A_STREAM * stream + CACHED_STREAMS * stream
    at_once = min(checkpoint.vae.batch, size.frames)
    decode = height * width * (DECODE_AT_ONCE * at_once + DECODE_A_PIXEL * frames)
    words = 2 * 2 * MAX_WORDS * checkpoint.transformer.caption_channels * checkpoint.dtype.itemsize
    return {
        "text": Need(checkpoint.text_parameters * checkpoint.dtype.itemsize, words),
        "transformer": Need(WEIGHTS["transformer"], int(step)),
        "vae": Need(WEIGHTS["vae"], int(decode)),
    }
