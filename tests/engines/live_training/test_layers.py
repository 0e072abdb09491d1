"""The layers beside PyTorch's own, which they are the same as."""

import pytest
import torch
import torch.nn.functional as F

from engines.live_training.layers import FromPicture, ToPicture, spread


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_pictures_and_gradients_are_pytorchs(channels, layout):
    torch.manual_seed(0)
    out, into = ToPicture(6, channels).to(memory_format=layout), FromPicture(channels, 6, bias=True)
    x = torch.randn(5, 6, 7, 4).contiguous(memory_format=layout).requires_grad_()
    picture = out(x)
    expected = F.conv_transpose2d(x, out.weight, stride=2, padding=1)
    assert torch.allclose(picture, expected, atol=1e-5)
    features, right = into(picture), F.conv2d(expected, into.weight, into.bias, stride=2, padding=1)
    assert torch.allclose(features, right, atol=1e-5)
    leaves = [x, out.weight, into.weight, into.bias]
    for found, wanted in zip(
        torch.autograd.grad(features.square().sum(), leaves),
        torch.autograd.grad(right.square().sum(), leaves),
        strict=True,
    ):
        assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-3)


def test_gradients_of_gradients_are_right():
    torch.manual_seed(0)
    out, into = ToPicture(2, 1).double(), FromPicture(1, 3, bias=True).double()
    into.weight.data, x = into.weight.data.float(), torch.randn(2, 1, 8, 8, requires_grad=True)
    into.bias.data = into.bias.data.float()
    (gradient,) = torch.autograd.grad(into(x).square().sum(), x, create_graph=True)
    (again,) = torch.autograd.grad(gradient.square().sum(), into.weight)
    plain = F.conv2d(x, into.weight, into.bias, stride=2, padding=1)
    (expected,) = torch.autograd.grad(plain.square().sum(), x, create_graph=True)
    (right,) = torch.autograd.grad(expected.square().sum(), into.weight)
    assert torch.allclose(again, right, rtol=1e-4, atol=1e-3)
    assert out(torch.randn(1, 2, 3, 3).double()).dtype == torch.float64  # which takes PyTorch's own way


def test_one_pixel_is_spread_over_its_sixteen():
    weight = torch.arange(16.0).view(1, 1, 4, 4)
    x = torch.zeros(1, 1, 3, 3)
    x[0, 0, 1, 1] = 1
    found = spread(x, weight)[0, 0]
    assert torch.equal(found[1:5, 1:5], weight[0, 0])
    assert found.sum() == weight.sum()
