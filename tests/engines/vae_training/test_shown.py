import pytest

from engines.running.events import Bars, Caption
from engines.vae_training.shown import latent_numbers


@pytest.mark.parametrize(
    ("kl", "told"),
    [
        ((2.0, 0.5), "All 2 latent numbers tell something of a picture."),
        ((0.0, 2.0, 0.001), "Dead latent numbers, which tell nothing of a picture: z1, z3."),
        ((0.0, 0.0), "None of the 2 latent numbers tells anything of a picture."),
    ],
)
def test_dead_latent_numbers_are_named(kl, told):
    _, caption = latent_numbers(kl)
    assert isinstance(caption, Caption)
    assert caption.message == told


def test_the_number_that_tells_most_stands_first():
    bars, _ = latent_numbers((0.5, 2.0, 1.0))
    assert isinstance(bars, Bars)
    assert bars.labels == ("z2", "z3", "z1")
    assert bars.values == (2.0, 1.0, 0.5)
