import torch

from engines.image_generation.blending import slerp


def test_between_two_noises_the_length_stays():
    start, end = (torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert torch.equal(slerp(start, end, 0.0), start)
    assert torch.equal(slerp(start, end, 1.0), end)
    middle = slerp(start, end, 0.5)
    assert abs(float(middle.norm() / start.norm()) - 1) < 0.1
    assert torch.equal(slerp(start, start, 0.5), start)
