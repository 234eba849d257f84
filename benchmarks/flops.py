"""The paper's Table 1 FLOPs beside ours: python -m benchmarks.flops

Counts every row whose method decides from the schedule alone, without weights or GPU, writes it into
assets/compare/flops.json (the Compare room shows it) and prints it. AdaCache's rows depend on the videos.
"""

import json
import sys
from typing import Any

from app.caching.names import named_method
from app.common.files import write_json
from app.common.paths import COMPARISONS
from app.metrics.flops import COUNTABLE, flops

# Model, resolution, frames, steps, text tokens; the TFLOPs of none, Delta-DiT, T-GATE, PAB-fast, PAB-slow.
METHODS = (None, "delta-dit", "tgate", "pab-fast", "pab-slow")
TABLE_1 = (
    ("Open-Sora 1.2", "open-sora-1.2", "480p", 51, 30, 300, (3230.24, 3166.47, 2818.40, 2558.25, 2657.70)),
    ("Latte", "latte-1", "512x512", 16, 50, 20, (3439.47, 3437.33, 3059.02, 2576.77, 2767.22)),
)


def main() -> int:
    """Count and write."""
    rows: list[dict[str, Any]] = []
    for title, model, resolution, frames, steps, tokens, paper in TABLE_1:
        assert model in COUNTABLE
        for name, published in zip(METHODS, paper, strict=True):
            method = None if name is None else named_method(name, model)
            ours = flops(model, method, resolution, frames, steps, tokens, "paper")
            rows.append({"model": title, "method": name or "none", "paper": published, "ours": round(ours, 2)})
            print(json.dumps(rows[-1]))
    write_json(COMPARISONS / "flops.json", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
