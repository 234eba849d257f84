"""How well the shipped judge knows what it judges: python -m benchmarks.classifier --clips 1200

Accuracy per slot, each word counting alike, on rendered clips of held-out word combinations, as one JSON
line; exit 1 if one is below 97 %.
"""

import argparse
import json
import sys

from app.evaluation.classifier.network import load_judge
from app.training.classifier import accuracy_on, render_clips

HELD_TO = 0.97


def main() -> int:
    """Render and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=1200)
    options = parser.parse_args()
    judge = load_judge()
    accuracy = accuracy_on(judge, *render_clips(options.clips, True, judge.vocabulary))
    print(json.dumps({"clips": options.clips, **accuracy}))
    return int(min(accuracy.values()) < HELD_TO)


if __name__ == "__main__":
    sys.exit(main())
