"""What the page shows of the GAN, beside what it shows of every family."""

from __future__ import annotations

from engines.gan_training.family import FAMILY
from tabs.live_training.family_tab import FamilyPage
from tabs.page.live.view import Chart, Line

INTRO = (
    "Press **Start**: a small GAN begins to learn these pictures on this machine, with no download. Noise"
    " turns into shapes before your eyes; how long the whole run takes stands above the pictures after its first"
    " steps. Close the page if you like: it goes on without it."
)
CHARTS = (
    Chart("Losses", (Line("Loss_D", "losses", "--theirs"), Line("Loss_G", "losses", "--ours")), smooth=True),
    Chart(
        "What D says: of real and of generated pictures",
        (Line("D(x)", "losses", "--theirs"), Line("D(G(z))", "losses", "--ours")),
        smooth=True,
    ),
    Chart(
        "Fréchet distance: lower is closer to real pictures",
        (Line("Fréchet distance", "scores", "--good"),),
        from_zero=True,
    ),
)
PAGE = FamilyPage(FAMILY, "gan", INTRO, CHARTS)
