"""Sharding: which tokens of a video this process holds. Here all of them; app/distributed gives each a share.

Frames are held apart: every tensor of the token stream and of the latent has this process's frames and all of
their patches. Only what has to see all frames at once exchanges them for patches, and back: temporal attention,
and the motion of a probe residual. Sums over tokens, which distances are made of, are added up over the processes.
"""

from collections.abc import Callable, Sequence

from torch import Tensor


class Sharding:
    """One process that holds every token, and what models and methods ask of any number of processes."""

    processes: int = 1
    sent_bytes: int = 0  # so far, by all processes together

    def frames(self, own: int) -> int:
        """Frames of the whole video, of which this process holds `own`."""
        return own

    def own_frames(self, x: Tensor, dim: int) -> Tensor:
        """This process's frames of a tensor that has all of them along `dim`, one entry or several a frame."""
        return x

    def all_frames(self, x: Tensor, dim: int) -> Tensor:
        """A tensor with the frames of every process along `dim`, in every process."""
        return x

    def frames_together(self, x: Tensor) -> Tensor:
        """(batch, own frames, patches, channels) -> (batch, frames, own patches, channels)."""
        return x

    def frames_apart(self, x: Tensor, patches: int) -> Tensor:
        """(batch, frames, own of `patches`, channels) -> (batch, own frames, patches, channels)."""
        return x

    def total(self, values: Sequence[float]) -> list[float]:
        """Each value summed over the processes, the same bits in every one."""
        return list(values)


ONE_PROCESS = Sharding()
Shard = Callable[[int], Sharding]  # of a video whose token stream has so many frames


def unshared(frames: int) -> Sharding:
    """Every frame in this process."""
    return ONE_PROCESS
