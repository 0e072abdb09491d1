import torch
from torch import nn

from engines.diffusion_training.muon import Muon, orthogonal, split


def test_singular_values_come_near_one():
    rng = torch.Generator().manual_seed(1)
    for shape in ((8, 40), (40, 8), (12, 12)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape, generator=rng)))
        assert values.min() > 0.3
        assert values.max() < 1.4


def test_it_finds_the_least_squares_of_a_convolution():
    rng = torch.Generator().manual_seed(2)
    x = torch.randn(16, 16, 6, 6, generator=rng)
    wanted = torch.randn(16, 16, 3, 3, generator=rng) * 0.1
    weight = torch.zeros(16, 16, 3, 3, requires_grad=True)
    optimiser, losses = Muon([weight], lr=5e-3), []
    for _ in range(60):
        optimiser.zero_grad()
        loss = (nn.functional.conv2d(x, weight) - nn.functional.conv2d(x, wanted)).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


def test_a_rate_of_nothing_moves_nothing_and_no_gradient_is_no_fault():
    weight = torch.ones(16, 16, 1, 1, requires_grad=True)
    optimiser = Muon([weight], lr=0.0)
    optimiser.step()
    weight.sum().backward()
    optimiser.step()
    assert torch.equal(weight, torch.ones_like(weight))


def test_every_weight_belongs_to_one_of_two():
    net = nn.Sequential(nn.Conv2d(16, 32, 3), nn.Conv2d(1, 16, 3), nn.Linear(16, 16))
    matrices, rest = split(net)
    assert [m.shape for m in matrices] == [(32, 16, 3, 3)]
    assert len(matrices) + len(rest) == len(list(net.parameters()))
