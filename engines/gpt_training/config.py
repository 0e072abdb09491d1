"""What a person may set about training a language model from nothing, and presets that work or break instructively."""

from __future__ import annotations

from dataclasses import dataclass

from engines.knobs import Config, knob, seed_knob
from engines.messages import ConfigError

ENGINE = "gpt_training"  # the name of its runs
# A step is about 6 x parameters x tokens multiplications; the head has up to MAX_VOCABULARY x width parameters.
MAX_WORK_PER_STEP = 2**39  # about ten seconds on two CPU cores
MAX_WORK_PER_RUN = 2**54
MAX_VOCABULARY = 8_000  # characters; the rarest beyond are all the same unknown one
TYPICAL_VOCABULARY = 5_000


@dataclass(frozen=True)
class GptConfig(Config):
    """Settings of one training run of a small language model."""

    data: str = knob(
        "poems",
        "Text",
        "What the model learns to write.",
        choices={"poems": "Chinese quatrains", "own": "Your own text"},
    )
    model: str = knob(
        "gpt",
        "Model",
        "A Transformer that writes on (GPT), two older recurrent networks, or one that fills gaps as BERT does.",
        choices={"gpt": "GPT", "lstm": "LSTM", "rnn": "Plain RNN", "masked": "Masked, as BERT"},
    )
    tokens: str = knob(
        "characters",
        "Tokens",
        "Characters, or pairs of them that often stand together, learnt from the text.",
        choices={"characters": "Characters", "bpe": "Byte pairs"},
        more=True,
    )
    vocabulary: int = knob(
        1000,
        "Byte pairs",
        "How many tokens, where they are learnt.",
        low=300,
        high=8000,
        step=100,
        more=True,
    )
    plan: bool = knob(
        False,
        "Plan first",
        "Of quatrains: before each stand its length, tones and rhyme, so that one can ask for a form.",
        more=True,
    )
    layers: int = knob(4, "Layers", "How many blocks, one after the other.", low=1, high=12, step=1)
    width: int = knob(128, "Width", "Numbers that stand for each token between the layers.", low=16, high=512, step=16)
    heads: int = knob(
        4, "Heads", "Places that each layer looks at, at once; must divide Width.", low=1, high=16, step=1, more=True
    )
    context: int = knob(64, "Context", "How many tokens back the model sees.", low=4, high=512, step=1, more=True)
    batch: int = knob(64, "Batch size", "Pieces of text a step.", low=1, high=1024, step=1, more=True)
    lr: float = knob(3e-3, "Learning rate", "How far each step moves the weights.", low=1e-6, high=1.0)
    dropout: float = knob(
        0.0, "Dropout", "Share of numbers left out at random, against learning by heart.", low=0.0, high=0.8, more=True
    )
    decay: float = knob(0.1, "Weight decay", "How strongly weights are pulled to zero.", low=0.0, high=1.0, more=True)
    steps: int = knob(3000, "Steps", "Updates before the run ends.", low=10, high=200_000, step=10)
    seed: int = seed_knob()

    def check(self) -> None:
        """Bounds the memory and time of a step, and the time of the run."""
        if self.model in ("gpt", "masked") and self.width % self.heads:
            raise ConfigError("Heads must divide Width: {width} is no multiple of {heads}.", **self._shape())
        if self.plan and self.data != "poems":
            raise ConfigError("Only quatrains can have a plan before them.")
        weights = 12 * self.layers * self.width**2 + TYPICAL_VOCABULARY * self.width
        work = 6 * weights * self.batch * self.context
        if work > MAX_WORK_PER_STEP:
            raise ConfigError("Layers, Width, Context and Batch size are too large together; lower one.")
        if work * self.steps > MAX_WORK_PER_RUN:
            raise ConfigError(
                "With these Layers, this Width, Context and Batch size there may be at most {steps} steps.",
                steps=MAX_WORK_PER_RUN // work,
            )

    def _shape(self) -> dict[str, int]:
        return {"width": self.width, "heads": self.heads}
