"""The GAN on points."""

import numpy as np
import pytest
import torch

from engines.points_training.clouds import make_cloud
from engines.points_training.config import PointsConfig
from engines.points_training.gan import GanTrainer
from engines.points_training.trainer import EDGE, mesh, place


def trainer(**values):
    config = PointsConfig(width=16, batch=32, seed=1, **values)
    return GanTrainer(config, make_cloud(config))


@pytest.mark.parametrize("objective", PointsConfig.knobs()["objective"].choices)
def test_every_objective_moves_both_networks(objective):
    one = trainer(objective=objective)
    before = {name: [weight.clone() for weight in net.parameters()] for name, net in one.nets().items()}
    one.step()
    for name, net in one.nets().items():
        assert any(not torch.equal(old, new) for old, new in zip(before[name], net.parameters(), strict=True))
    assert set(one.signals()) == {"Loss_D", "Loss_G", "D(x)", "D(G(z))", "pair_accuracy"}
    assert one.signals() == {}


def test_the_arrows_point_to_where_d_believes():
    one = trainer(lr_d=1e-2, objective="non_saturating")
    for _ in range(200):
        one.advance("d")
    ends = torch.tensor((2 * one.look()["arrows"][0, :, 1].astype(np.float32) / EDGE - 1) * 3)
    with torch.no_grad():
        fake = one.g(one.fixed[:80])
        nearer = fake + 0.05 * (ends - fake)
        assert (one.d(nearer) >= one.d(fake)).float().mean() > 0.9


def test_the_field_is_high_where_real_points_are():
    one = trainer(lr_d=1e-2, objective="non_saturating")
    for _ in range(300):
        one.advance("d")
    field = one.look()["field"]
    centre = field[16, 16]
    right = field[16, 16 + round(2 / 6 * 32)]
    assert right > centre


def test_places_go_from_edge_to_edge_and_no_further():
    assert place(np.array([[-3.0, 3.0], [-9.0, np.nan], [0.0, 9.0]])).tolist() == [
        [0, EDGE],
        [0, 32768],
        [32768, EDGE],
    ]
    assert mesh(2).tolist() == [[-1.5, -1.5], [1.5, -1.5], [-1.5, 1.5], [1.5, 1.5]]
