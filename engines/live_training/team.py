"""Several processes that train one model together, as torchrun starts them.

Each has its own slice of the pictures and its own noise. DistributedDataParallel (Li et al. 2020,
arXiv:2006.15704) averages their gradients, those through a gradient penalty included, so that the weights stay
the same everywhere. It sees only what backward() gathers, so what uses torch.autograd.grad, as the two lanes of
a GAN's D, is for a process that trains alone.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from engines.device import pick_device

MEET_EVERY = 10  # steps between two questions whether to stop or to save; asking costs a message


class Team:
    """This process and its mates. All of them must call each method at the same point."""

    def __init__(self, rank: int, size: int, local_size: int, device: torch.device) -> None:
        """The processes must be connected already, unless `size` is 1; see `join`."""
        self.rank, self.size, self.local_size, self.device = rank, size, local_size, device

    @classmethod
    def join(cls) -> Team:
        """Connect to the mates that torchrun names in the environment: nccl with a GPU each, else gloo."""
        rank, size, local_rank, local_size = (
            int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        )
        device, backend = torch.device("cpu"), "gloo"
        if pick_device().type == "cuda":
            device = torch.device("cuda", local_rank % torch.cuda.device_count())
            torch.cuda.set_device(device)
            backend = "nccl" if local_size <= torch.cuda.device_count() else "gloo"
        dist.init_process_group(backend)
        return cls(rank, size, local_size, device)

    @staticmethod
    def leave() -> None:
        """Disconnect."""
        dist.destroy_process_group()

    def wrap(self, net: nn.Module) -> nn.Module:
        """The network to call in training; its weights begin as rank 0's."""
        return DistributedDataParallel(net, [self.device] if self.device.type == "cuda" else None)

    def agree(self, *wishes: bool) -> list[bool]:
        """The wishes of rank 0."""
        flags = torch.tensor(wishes, dtype=torch.uint8, device=self.device)
        dist.broadcast(flags, 0)
        return flags.bool().tolist()

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """Everyone's uint8 tensor, in the order of ranks; all have the same length."""
        tensor = tensor.to(self.device)
        gathered = [torch.empty_like(tensor) for _ in range(self.size)]
        dist.all_gather(gathered, tensor)
        return [each.cpu() for each in gathered]

    def share(self, data: bytes) -> bytes:
        """The bytes that rank 0 gives."""
        length = torch.tensor(len(data), device=self.device)
        dist.broadcast(length, 0)
        mine = bytearray(data if self.rank == 0 else int(length))
        if mine:
            content = torch.frombuffer(mine, dtype=torch.uint8).to(self.device)
            dist.broadcast(content, 0)
            mine = content.cpu().numpy()
        return bytes(mine)


def part(of: Sequence, team: Team | None) -> Sequence:
    """This process's slice, of which each takes every so-manieth, so that sorted classes are shared evenly."""
    return of if team is None else of[team.rank :: team.size]


def stream_seed(seed: int, team: Team | None, steps: int = 0) -> int:
    """A seed for data and noise that differs by rank; for rank 0 at the start it is `seed` itself.

    Multiples of 2^32 over the golden ratio stay apart modulo 2^32, which is all that PyTorch takes of a seed.
    """
    return (seed + 2654435769 * (team.rank if team else 0) + 40503 * steps) % 2**32
