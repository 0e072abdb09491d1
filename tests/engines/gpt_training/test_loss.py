import pytest
import torch
from torch.nn import functional as F

from engines.gpt_training.loss import ROWS, HeadLoss


@pytest.mark.parametrize(("dtype", "near"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2)])
def test_loss_and_gradients_are_those_of_the_whole(dtype, near):
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(2 * ROWS + 3, 16, generator=rng, requires_grad=True)
    weight = torch.randn(50, 16, generator=rng, requires_grad=True)
    targets = torch.randint(50, (len(x),), generator=rng)
    ours = HeadLoss.apply(x, weight, targets, dtype)
    theirs = F.cross_entropy(x @ weight.T, targets, reduction="sum")
    assert ours.item() == pytest.approx(theirs.item(), rel=near)
    for one, other in zip(
        torch.autograd.grad(3 * ours, [x, weight]), torch.autograd.grad(3 * theirs, [x, weight]), strict=True
    ):
        assert one.dtype == other.dtype
        assert (one - other).norm() < near * other.norm()


def test_no_targets_are_no_loss():
    x, weight = torch.zeros(0, 4, requires_grad=True), torch.ones(3, 4, requires_grad=True)
    loss = HeadLoss.apply(x, weight, torch.zeros(0, dtype=torch.int64), torch.float32)
    loss.backward()
    assert loss == 0
    assert not weight.grad.any()
