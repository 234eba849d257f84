"""torchrun: the processes it starts, joined to make one video together; without it, one process.

torchrun --nproc-per-node 2 -m app generate --model open-sora-1.2 --prompt "..." --out out
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist

from app.distributed.frame_sharding import FrameSharding
from app.models.base import Shareable, VideoModel


def process_count() -> int:
    """How many processes torchrun started; 1 without it."""
    return int(os.environ["WORLD_SIZE"]) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def is_first_process() -> bool:
    """Whether this process prints and writes for all of them."""
    return process_count() == 1 or os.environ["RANK"] == "0"


@contextmanager
def joined_processes() -> Iterator[None]:
    """The processes meet, each on a GPU of its own, or on the CPU where there are none.

    A ValueError or OSError of one that is not the first is printed with its number, and ends it and so all.
    """
    if process_count() == 1:
        yield
        return
    dist.init_process_group(_backend())
    try:
        yield
    except (ValueError, OSError) as error:
        if is_first_process():
            raise
        print(f"process {dist.get_rank() + 1} of {process_count()}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    finally:
        dist.destroy_process_group()


def shared_model(model: VideoModel) -> VideoModel:
    """A model as this process runs it; a ValueError for one whose videos cannot be shared."""
    if process_count() == 1:
        return model
    if not isinstance(model, Shareable):
        raise ValueError(
            f"{model.card.title} runs in one process, torchrun started {process_count()}; "
            "videos of sprites, open-sora-1.2 and open-sora-plan-1.1 can be shared"
        )
    return model.shared(FrameSharding)


def _backend() -> str:
    """The collectives to use, after choosing this process's GPU."""
    if not torch.cuda.is_available():
        return "gloo"
    here, found = int(os.environ["LOCAL_WORLD_SIZE"]), torch.cuda.device_count()
    if here > found:
        raise ValueError(f"{here} processes need as many GPUs on this machine, found {found}")
    torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    return "nccl"
