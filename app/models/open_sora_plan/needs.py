"""What the published Open-Sora-Plan needs of the memory for its one size, as estimate.py traces it.

Tracing takes up to a minute, and the page and `doctor` ask for the answer at once; tests hold both together.
"""

from app.models.runtime.memory_plan import Need, Part

PUBLISHED: dict[Part, Need] = {  # in bfloat16
    "text": Need(weights=9_524_621_312, working=9_830_400),
    "transformer": Need(weights=2_115_476_800, working=1_532_730_120),
    "vae": Need(weights=493_718_998, working=7_829_233_664),
}
