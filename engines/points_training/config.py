"""What a person may set about a run on points of the plane, and presets that work or break in an instructive way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from engines.knobs import Config, Preset, knob, seed_knob
from engines.messages import ConfigError
from engines.points_training.drawing import MAX_TEXT, read_strokes

ENGINE = "points_training"  # the name of its runs
TITLE = "2-D"  # of its part of the page
GAN, VAE, DIFFUSION = "gan", "vae", "diffusion"
OWN = "own"
MAX_WORK_PER_RUN = 2**42  # D steps + 1, times steps x batch x width^2: about an hour on one CPU core


@dataclass(frozen=True)
class PointsConfig(Config):
    """Settings of one training on points."""

    time_of: ClassVar[tuple[str, ...]] = ("steps", "family", "objective", "sampling", "width", "batch", "d_steps")
    data_of: ClassVar[tuple[str, ...]] = ("data", "drawing")
    loss_of: ClassVar[tuple[str, ...]] = ("family", "objective", "beta", "sigma")
    free_in_a_fork: ClassVar[tuple[str, ...]] = (
        *("objective", "beta", "sampling", "lr", "lr_d", "batch", "steps", "d_steps", "gamma", "sigma"),
    )

    family: str = knob(
        GAN,
        "Family",
        "Which kind of model learns where the points lie.",
        choices={GAN: "GAN", VAE: "VAE", DIFFUSION: "Diffusion"},
    )
    data: str = knob(
        "ring",
        "Real points",
        "Where the real points lie.",
        choices={"ring": "Ring of eight", "grid": "Grid of 25", "spirals": "Two spirals", OWN: "Your own drawing"},
    )
    objective: str = knob(
        "wgan_gp",
        "Objective",
        "What D and G compete for.",
        choices={
            "wgan_gp": "WGAN-GP",
            "non_saturating": "Non-saturating",
            "least_squares": "Least squares",
            "hinge": "Hinge",
            "relativistic": "Relativistic + R1 + R2",
            "minimax": "Minimax, saturating",
        },
    )
    beta: float = knob(
        1.0,
        "Beta",
        "How dear it is to tell a point's code from noise; 1 is the VAE of the paper.",
        low=0.0,
        high=1000.0,
    )
    sampling: int = knob(
        20, "Sampling steps", "In how many steps noise flows to where the points lie.", low=1, high=100, step=1
    )
    steps: int = knob(
        2_000, "Steps", "How often the model is updated before the run ends.", low=10, high=100_000, step=10, more=True
    )
    noise: int = knob(
        2,
        "Noise size",
        "How many random numbers a GAN or a VAE makes a point from; with 1 all lie on one line.",
        low=1,
        high=32,
        step=1,
        more=True,
    )
    sigma: float = knob(
        0.1,
        "Blur of the decoder",
        "How far a VAE lets a point lie from where it is decoded to.",
        low=0.01,
        high=2.0,
        more=True,
    )
    width: int = knob(64, "Width", "Neurons in each of the three hidden layers.", low=4, high=256, step=4, more=True)
    batch: int = knob(128, "Batch size", "Points that a step looks at.", low=8, high=1024, step=8, more=True)
    lr: float = knob(
        1e-3, "Learning rate", "How far each step moves the model; in a GAN, G.", low=1e-6, high=0.5, more=True
    )
    lr_d: float = knob(3e-3, "Learning rate of D", "How far each step moves D.", low=1e-6, high=0.5, more=True)
    d_steps: int = knob(
        1, "D steps per G step", "How often D learns for each time G does.", low=1, high=10, step=1, more=True
    )
    gamma: float = knob(
        0.1,
        "Gradient penalty",
        "How strongly D's gradient is held back; only for WGAN-GP and Relativistic.",
        low=0.0,
        high=100.0,
        more=True,
    )
    seed: int = seed_knob()
    drawing: str = knob("", "Drawing", "The lines and dots of your own drawing.", max_length=MAX_TEXT, more=True)

    def check(self) -> None:
        """Bounds the time of the run, and sees that the drawing can be read and is there if it is needed."""
        strokes = read_strokes(self.drawing)
        if self.data == OWN and not strokes:
            raise ConfigError("Nothing is drawn yet: put some lines or dots into the square first.")
        work = (self.d_steps + 1) * self.batch * self.width**2
        if work * self.steps > MAX_WORK_PER_RUN:
            raise ConfigError(
                "With this Batch size and Width there may be at most {steps} steps.",
                steps=MAX_WORK_PER_RUN // work,
            )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "default": Preset(
            "GAN: a healthy one",
            "The coloured field is D's opinion, and the arrows are what it tells G: WGAN-GP holds its slope to 1.",
        ),
        "collapse": Preset(
            "Break it: mode collapse",
            "The same rates without that hold: G settles on the nearest few of the eight and is told of no others.",
            {"objective": "non_saturating", "batch": 256},
        ),
        "mended": Preset(
            "Mended: WGAN-GP",
            "What collapsed, with nothing changed but the objective: every one of the eight is reached.",
            {"objective": "wgan_gp", "batch": 256},
        ),
        "vae": Preset(
            "VAE: a healthy one",
            "The net of lines is the space of codes as the decoder lays it over the plane.",
            {"family": VAE, "data": "spirals", "lr": 3e-3},
        ),
        "holes": Preset(
            "Break it: holes",
            "Eight islands and a smooth decoder: the codes between two of them become points in the sea.",
            {"family": VAE, "lr": 3e-3},
        ),
        "beta": Preset(
            "Break it: beta too high",
            "Telling points apart costs more than it brings, so every point gets the same code.",
            {"family": VAE, "data": "spirals", "beta": 1000.0, "lr": 3e-3},
        ),
        "diffusion": Preset(
            "Diffusion: a healthy one",
            "The arrows are the flow at a moment, and the lines the way of points from noise to the data.",
            {"family": DIFFUSION, "data": "spirals", "lr": 3e-3},
        ),
        "one_step": Preset(
            "Break it: one sampling step",
            "The flow is learnt well, but one straight step cannot follow it.",
            {"family": DIFFUSION, "sampling": 1, "lr": 3e-3},
        ),
    }
)
