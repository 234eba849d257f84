"""The VBench package where it is installed: its list of prompts, and its evaluation.

Nothing of it is shipped here. Its evaluation needs a GPU and weights that it downloads (DINO, CLIP, RAFT, ...).
"""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from app.common.files import read_json
from app.evaluation.vbench.scores import BY_ID, MAX_BYTES

INFO = "VBench_full_info.json"
INSTALL = "VBench is not installed here; pip install vbench==0.1.5 (it needs a GPU, and downloads its weights)"


def info_path() -> Path:
    """The installed package's list of prompts; the package itself is not imported. A ValueError without it."""
    spec = find_spec("vbench")
    if spec is None or spec.origin is None:
        raise ValueError(INSTALL)
    return Path(spec.origin).parent / INFO


def read_prompts(path: Path, dimensions: Sequence[str] = ()) -> list[str]:
    """Prompts of VBench's list, those of the dimensions only where any are named, each once and in order."""
    check_dimensions(dimensions)
    value = read_json(path, MAX_BYTES)
    if not isinstance(value, list) or not all(isinstance(entry, dict) and "prompt_en" in entry for entry in value):
        raise ValueError(f"{path.name}: VBench's list of prompts is needed ({INFO})")
    wanted = set(dimensions or BY_ID)
    return list(dict.fromkeys(e["prompt_en"] for e in value if wanted & set(e.get("dimension", ()))))


def check_dimensions(dimensions: Sequence[str]) -> None:
    """A ValueError for a dimension that VBench has not."""
    if odd := [name for name in dimensions if name not in BY_ID]:
        raise ValueError(f"no dimension {odd[0][:40]!r}; there are: {', '.join(BY_ID)}")


def evaluate(videos: Path, name: str, dimensions: Sequence[str], out: Path, *, standard: bool) -> Path:
    """Call the package on a folder of videos; returns its result file. A ValueError where it is not installed."""
    check_dimensions(dimensions)
    info = info_path()
    import torch
    from vbench import VBench

    out.mkdir(parents=True, exist_ok=True)
    bench = VBench(torch.device("cuda" if torch.cuda.is_available() else "cpu"), str(info), str(out))
    mode = "vbench_standard" if standard else "custom_input"
    bench.evaluate(videos_path=str(videos), name=name, dimension_list=list(dimensions), mode=mode)
    return out / f"{name}_eval_results.json"
