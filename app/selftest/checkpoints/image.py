"""The image that videos of small checkpoints start from, of another shape than theirs."""

import numpy as np

from app.models.condition_image import ConditionImage

IMAGE = ConditionImage(np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8))
