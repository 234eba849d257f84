"""Dynamic sequence parallelism: the frames of one video shared by the processes of a torch.distributed group.

Around temporal attention an all-to-all turns shares of frames into shares of patches and back (Zhao et al. 2024,
arXiv 2403.10266). Where the counts do not divide, shares and the pieces sent differ by one; nothing is padded.
"""

import math
from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import Tensor

from app.caching.sharding import Sharding


class FrameSharding(Sharding):
    """This process's share of a video of `frames` frames; a ValueError where some process would get none.

    Frames are those of the token stream; a latent has one or several entries for each.

    `sent_bytes` counts what all processes together send to others: the pieces of all-to-all and all-gather. It
    follows from the shapes, so every process knows it without asking.
    """

    def __init__(self, frames: int, group: dist.ProcessGroup | None = None):
        self.group = group
        self.rank, self.processes = dist.get_rank(group), dist.get_world_size(group)
        if frames < self.processes:
            raise ValueError(
                f"{frames} latent {'frame' if frames == 1 else 'frames'} cannot be shared by {self.processes} "
                f"processes; accepted: at most as many processes as frames"
            )
        self.frame_shares = shares(frames, self.processes)
        self.sent_bytes = 0

    def frames(self, own: int) -> int:
        """Frames of the whole video."""
        return sum(self.frame_shares)

    def own_frames(self, x: Tensor, dim: int) -> Tensor:
        """The part of `x` that is this process's share along `dim`."""
        entries = x.shape[dim] // sum(self.frame_shares)  # a frame
        return x.split([entries * share for share in self.frame_shares], dim)[self.rank]

    def all_frames(self, x: Tensor, dim: int) -> Tensor:
        """All shares, joined along `dim`: one all-gather, each share filled up to the longest."""
        own = x.movedim(dim, 0)
        entries = len(own) // self.frame_shares[self.rank]  # a frame
        missing = entries * max(self.frame_shares) - len(own)
        filled = torch.cat([own, own.new_zeros(missing, *own.shape[1:])])
        gathered = [torch.empty_like(filled) for _ in range(self.processes)]
        dist.all_gather(gathered, filled, group=self.group)
        self.sent_bytes += self.processes * (self.processes - 1) * filled.nbytes
        pieces = zip(gathered, self.frame_shares, strict=True)
        joined = torch.cat([piece[: entries * share] for piece, share in pieces])
        return joined.movedim(0, dim)

    def frames_together(self, x: Tensor) -> Tensor:
        """All frames of this process's share of the patches: one all-to-all."""
        batch, frames, patches, channels = x.shape
        if frames != self.frame_shares[self.rank]:
            raise ValueError(f"process {self.rank} holds {self.frame_shares[self.rank]} frames, got {frames}")
        patch_shares = shares(patches, self.processes)
        own = patch_shares[self.rank]
        self._count(x, patch_shares)
        received = self._exchange(
            x.split(patch_shares, dim=2), [(batch, frames, own, channels) for frames in self.frame_shares]
        )
        return torch.cat(received, dim=1)

    def frames_apart(self, x: Tensor, patches: int) -> Tensor:
        """All patches of this process's share of the frames: the all-to-all back."""
        batch, _, _, channels = x.shape
        patch_shares = shares(patches, self.processes)
        own = self.frame_shares[self.rank]
        self._count(x, patch_shares)
        received = self._exchange(
            x.split(self.frame_shares, dim=1), [(batch, own, patches, channels) for patches in patch_shares]
        )
        return torch.cat(received, dim=2)

    def total(self, values: Sequence[float]) -> list[float]:
        """Gathered and added in the order of the processes, so that all of them decide alike."""
        own = torch.tensor(values, dtype=torch.float64, device=self._device)
        gathered = [torch.empty_like(own) for _ in range(self.processes)]
        dist.all_gather(gathered, own, group=self.group)
        self.sent_bytes += self.processes * (self.processes - 1) * own.nbytes
        return [math.fsum(column) for column in zip(*(part.tolist() for part in gathered), strict=True)]

    def _exchange(self, pieces: Sequence[Tensor], shapes: Sequence[tuple[int, ...]]) -> list[Tensor]:
        """Send `pieces[i]` to process i; what process i sends back has the shape `shapes[i]`."""
        sizes = [math.prod(shape) for shape in shapes]
        sent = torch.cat([piece.flatten() for piece in pieces])
        received = sent.new_empty(sum(sizes))
        dist.all_to_all_single(received, sent, sizes, [piece.numel() for piece in pieces], group=self.group)
        return [part.view(shape) for part, shape in zip(received.split(sizes), shapes, strict=True)]

    def _count(self, x: Tensor, patch_shares: Sequence[int]) -> None:
        """A token stays where it is if its frame and its patch have the same owner; all others are sent."""
        tokens = sum(self.frame_shares) * sum(patch_shares)
        staying = sum(f * p for f, p in zip(self.frame_shares, patch_shares, strict=True))
        self.sent_bytes += x.shape[0] * x.shape[-1] * x.element_size() * (tokens - staying)

    @property
    def _device(self) -> torch.device:
        """Where the group's collectives work: NCCL on this process's GPU, gloo in main memory."""
        if dist.get_backend(self.group) == dist.Backend.NCCL:
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device("cpu")


def shares(count: int, processes: int) -> list[int]:
    """`count` things shared by the processes in order, as evenly as it goes; the first ones get one more."""
    each, more = divmod(count, processes)
    return [each + (rank < more) for rank in range(processes)]
