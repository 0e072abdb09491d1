"""What each process of a team ends with, as JSON: torchrun --nproc-per-node 2 -m tests.two_ranks FOLDER"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import torch

from engines.gan_training.config import GanConfig
from engines.gan_training.step import Trainer
from engines.live_training.checkpoint import state_of
from engines.live_training.team import Team

CONFIGS = (
    {},
    {"objective": "wgan_gp", "d_steps": 2},
    {"objective": "relativistic", "architecture": "mlp", "conditional": True},
)
STEPS = 5


def trained(values: dict, team: Team | None, every: int = 1, lanes: bool = True) -> Trainer:
    """A tiny trainer after a few steps on 40 noisy pictures, or on one of `every` so many."""
    config = GanConfig(**{"features": 8, "latent": 4, "batch": 8, "seed": 5} | values)
    images = np.random.default_rng(0).integers(0, 256, (40, 28, 28, 1), np.uint8)
    trainer = Trainer(config, images[::every], (np.arange(40) % 3)[::every], 3, "cpu", team)
    if not lanes:
        trainer._second_lane = None
    for _ in range(STEPS):
        trainer.step()
    return trainer


def digest(trainer: Trainer) -> str:
    """Of weights and moments; random states and what BatchNorm saw differ by rank."""
    state = state_of(trainer)
    names = [name for name in sorted(state) if not name.startswith("rng.") and "running_" not in name]
    parts = [state[name].numpy().tobytes() for name in names]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def main(folder: Path) -> None:
    """Train each config as a team and write what this rank ended with."""
    torch.set_num_threads(1)
    team = Team.join()
    trainers = [trained(values, team) for values in CONFIGS]
    alike = Team(0, team.size, team.local_size, team.device)  # each takes the same pictures and noise
    told = {
        "weights": [digest(trainer) for trainer in trainers],
        "alike": [digest(trained(values, alike)) for values in CONFIGS],
        "noise": hashlib.sha256(trainers[0].rng.get_state().numpy().tobytes()).hexdigest(),
        "pictures": int(trainers[0].images.sum()),
        "shared": team.share(b"said by rank 0" if team.rank == 0 else b"").decode(),
        "agreed": team.agree(team.rank == 0, False),
        "gathered": [int(each) for each in team.gather(torch.tensor([team.rank], dtype=torch.uint8))],
    }
    (folder / f"{team.rank}.json").write_text(json.dumps(told), "utf-8")
    team.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
