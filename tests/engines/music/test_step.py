"""Steps of a chorale network: what it sees, what is hidden, and what the loss means."""

import math

import numpy as np
import pytest
import torch

from engines.music.chorales import HIDDEN, OUTSIDE, TOKENS, to_tokens
from engines.music.config import MusicConfig
from engines.music.grid import RANGES, Chorale
from engines.music.networks import FAR, build, nearest
from engines.music.step import EDGE, Passages, hide, nats
from tests.engines.music.tiny import TINY, few, trainer


def test_a_passage_is_a_piece_of_a_chorale_in_a_key_that_its_voices_reach():
    piece = few().train[0]
    passages = Passages([piece], 16, torch.device("cpu"), transpose=True)
    cells, phases = passages.draw(200, torch.Generator().manual_seed(0))
    assert cells.shape == (200, 16, 4)
    outside = cells == OUTSIDE
    assert outside.any(), "some reach beyond the piece"
    assert torch.equal(outside.all(2), outside.any(2))
    pitches = (cells - 1) // 2 + 36
    for voice, (low, high) in enumerate(RANGES):
        own = pitches[..., voice][(cells[..., voice] > 0) & ~outside[..., voice]]
        assert low <= own.min() <= own.max() <= high
    whole, places = passages.at(torch.tensor([0]), torch.tensor([-EDGE]), torch.tensor([0]))
    assert (whole == OUTSIDE).all()
    assert len(phases.unique()) > 4
    own, _ = passages.at(torch.tensor([0]), torch.tensor([0]), torch.tensor([0]))
    assert np.array_equal(own[0].numpy(), to_tokens(piece.grid[:16]))
    assert places.max() < 17


def test_any_number_of_cells_is_hidden_but_none_outside():
    cells = torch.ones(2000, 16, 4, dtype=torch.long)
    cells[:, 12:] = OUTSIDE
    hidden = hide(cells, torch.Generator().manual_seed(0))
    counts = hidden.flatten(1).sum(1)
    assert (int(counts.min()), int(counts.max())) == (1, 48)
    assert abs(float(counts.float().mean()) - 24.5) < 1
    assert not hidden[:, 12:].any()


def test_the_nearest_known_cells_are_found():
    line = torch.tensor([5, HIDDEN, HIDDEN, 7, HIDDEN])
    near, far = nearest(line[None, :, None].expand(1, 5, 4))
    assert near[0][0, :, 0].tolist() == [HIDDEN, 5, 5, 5, 7]
    assert far[0][0, :, 0].tolist() == [FAR, 1, 2, 3, 1]
    assert near[1][0, :, 0].tolist() == [7, 7, 7, HIDDEN, HIDDEN]
    assert far[1][0, :, 0].tolist() == [3, 2, 1, FAR, FAR]


def test_a_network_that_knows_nothing_costs_the_logarithm_of_the_choices():
    net = build(MusicConfig(**TINY))
    torch.nn.init.zeros_(net.head.weight)
    torch.nn.init.zeros_(net.head.bias)
    whole, pitch = nats(net, Passages(few().held, 16, torch.device("cpu")))
    assert whole == pytest.approx([math.log(TOKENS)] * 4, rel=1e-4)
    assert (pitch < whole).all(), "the pitch alone is half of the choices"


def test_it_learns_and_the_same_seed_learns_alike():
    one, other = trainer(60, lr=0.02), trainer(60, lr=0.02)
    before = trainer().held_out()[0].mean()
    assert one.held_out()[0].mean() < before - 1
    assert all(np.array_equal(a, b) for a, b in zip(one.weights().values(), other.weights().values(), strict=True))


def test_what_is_known_is_not_drawn_from_the_other_side_of_the_piece():
    """Cells outside tell where a piece ends: the network gives different chances at an end than in the middle."""
    one = trainer(40, lr=0.02)
    piece = Chorale(few().train[0].grid[:16])
    cells = torch.tensor(to_tokens(piece.grid))[None].masked_fill(torch.ones(1, 16, 4, dtype=torch.bool), HIDDEN)
    with torch.no_grad():
        inside = one.net(cells, torch.zeros(1, 16, dtype=torch.long))
        cells[:, -4:] = OUTSIDE
        at_the_end = one.net(cells, torch.zeros(1, 16, dtype=torch.long))
    assert not torch.allclose(inside[:, 11], at_the_end[:, 11])
