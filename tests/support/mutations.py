"""Mutations: deliberate faults, one a room, each of which some test must catch: python -m tests.support.mutations

Each is put into a copy of the repository and the tests that stand beside it are run there; a mutation that none of
them notices is named, and the exit code is 1.
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from tests.support.paths import ROOT

COPIED = ("app", "components", "assets", "tests", "benchmarks", "examples")
FILES = ("app.py", "pyproject.toml", "Makefile", "README.md")


@dataclass(frozen=True)
class Mutation:
    """One fault: in a file, `before` becomes `after`; `tests` are where it has to be noticed."""

    file: str
    before: str
    after: str
    tests: str


MUTATIONS = (
    Mutation(
        "app/caching/codebook.py",
        "distance < threshold",
        "distance <= threshold",
        "tests/caching/test_codebook.py",
    ),
    Mutation(
        "app/caching/motion.py",
        'abs(gradient) if formula == "official" else gradient',
        "gradient",
        "tests/caching tests/test_golden.py",
    ),
    Mutation("app/caching/names.py", "preset.codebook,", 'presets()["fast"].codebook,', "tests/caching"),
    Mutation("app/caching/methods/even_steps.py", "1 + i * steps //", "1 + i * (steps - 1) //", "tests/caching"),
    Mutation("app/caching/methods/pab.py", "order=12", "order=0", "tests/caching/test_methods.py"),
    Mutation("app/caching/reuse.py", "residual + slope * ahead", "residual - slope * ahead", "tests/caching"),
    Mutation(
        "app/caching/cache.py", "self._pass = self._call = -1", "self._pass = self._call = 0", "tests/caching"
    ),
    Mutation(
        "app/models/samplers/rectified_flow.py",
        "unconditional + guidance",
        "conditional + guidance",
        "tests/models/test_rectified_flow.py tests/models/sprites",
    ),
    Mutation("app/metrics/quality/psnr.py", "-10 * np.log10", "-20 * np.log10", "tests/metrics"),
    Mutation("app/evaluation/comparison/fairness.py", "_reuse(even) == reuse", "True", "tests/evaluation"),
    Mutation("app/evaluation/comparison/table.py", "100 - WORST", "WORST", "tests/evaluation"),
    Mutation(
        "app/evaluation/user_study/results.py", "2 * sum(comb", "sum(comb", "tests/evaluation/test_user_study.py"
    ),
    Mutation("app/evaluation/user_study/order.py", "% 2 == 1", "% 2 == 2", "tests/evaluation/test_user_study.py"),
    Mutation("app/generation/speed.py", "len(seconds) * median(seconds)", "sum(seconds)", "tests/generation"),
    Mutation(
        "app/common/validation.py",
        "isinstance(value, bool) or not isinstance(value, int) or",
        "False or",
        "tests/common tests/generation",
    ),
    Mutation("app/runs/store.py", "self._may_see(run, visitor)", "True", "tests/runs tests/attack"),
    Mutation(
        "app/models/diffusers/blocks.py",
        "nn.ModuleList(chain.from_iterable(lists.values()))",
        "tuple(chain.from_iterable(lists.values()))",
        "tests/models/diffusers/test_precision.py",
    ),
    Mutation("assets/palette.json", "#0072b2", "#e8470a", "tests/evaluation/test_comparison.py"),
    Mutation(
        "components/studio/method.py",
        "(codebook.motion or card.motion) if form.motion else None",
        "codebook.motion or card.motion",
        "tests/components/test_settings.py",
    ),
    Mutation("assets/web/shared/format.js", '"#39408f"', '"#000000"', "tests/test_web.py"),
)


def main() -> int:
    """Try every mutation; names those that no test notices."""
    missed = []
    for mutation in tqdm(MUTATIONS, unit="mutation"):
        with TemporaryDirectory() as folder:
            if not noticed(mutation, Path(folder)):
                missed.append(f"{mutation.file}: {mutation.before} -> {mutation.after}")
    print("\n".join(missed) or f"all {len(MUTATIONS)} mutations are noticed")
    return 1 if missed else 0


def noticed(mutation: Mutation, folder: Path) -> bool:
    """Whether the tests fail with the fault in a copy of the repository."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    path = folder / mutation.file
    text = path.read_text()
    if mutation.before not in text:
        raise ValueError(f"{mutation.file} no longer holds {mutation.before!r}")
    path.write_text(text.replace(mutation.before, mutation.after))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutation.tests.split()]
    return subprocess.run(command, cwd=folder, capture_output=True).returncode == 1


if __name__ == "__main__":
    sys.exit(main())
