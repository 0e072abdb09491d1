"""What a person may set about training a language model from nothing, and presets that work or break instructively."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from engines.knobs import Config, Preset, knob, seed_knob
from engines.messages import ConfigError

ENGINE = "gpt_training"  # the name of its runs
TITLE = "Language models"
POEMS, ENGLISH, TUNES, NAMES, OWN, OWN_TUNES = "poems", "english", "tunes", "names", "own", "own_tunes"
FOLK = "folk_songs"
OF_TUNES = (TUNES, FOLK, OWN_TUNES)
GPT, LSTM, RNN, MASKED = "gpt", "lstm", "rnn", "masked"
# A step is about 6 x parameters x tokens multiplications; the head has up to MAX_VOCABULARY x width parameters.
MAX_WORK_PER_STEP = 2**39  # about ten seconds on two CPU cores
MAX_WORK_PER_RUN = 2**54
MAX_VOCABULARY = 8_000  # characters; the rarest beyond are all the same unknown one
MAX_PAIRS = 8_000
TYPICAL_VOCABULARY = 5_000


@dataclass(frozen=True)
class GptConfig(Config):
    """Settings of one training run of a small language model."""

    time_of: ClassVar[tuple[str, ...]] = (
        *("steps", "model", "data", "tokens", "vocabulary"),
        *("layers", "width", "heads", "context", "batch"),
    )
    data_of: ClassVar[tuple[str, ...]] = ("data",)
    free_in_a_fork: ClassVar[tuple[str, ...]] = ("lr", "batch", "steps", "dropout", "decay")

    data: str = knob(
        POEMS,
        "Text",
        "What the model learns to write.",
        choices={
            POEMS: "Chinese quatrains",
            ENGLISH: "English classics",
            TUNES: "Irish and Scottish tunes",
            FOLK: "Chinese folk songs",
            NAMES: "Given names",
            OWN: "Your own text",
            OWN_TUNES: "Your own tunes",
        },
    )
    model: str = knob(
        GPT,
        "Model",
        "A Transformer that writes on (GPT), two older recurrent networks, or one that fills gaps as BERT does.",
        choices={GPT: "GPT", LSTM: "LSTM", RNN: "Plain RNN", MASKED: "Masked, as BERT"},
    )
    layers: int = knob(4, "Layers", "How many blocks, one after the other.", low=1, high=12, step=1)
    width: int = knob(128, "Width", "Numbers that stand for each token between the layers.", low=16, high=512, step=16)
    steps: int = knob(2500, "Steps", "How many updates before the run ends.", low=10, high=200_000, step=10)
    tokens: str = knob(
        "characters",
        "Tokens",
        "Characters, or besides them pairs that often stand together, learnt from the text.",
        choices={"characters": "Characters", "pairs": "Byte pairs"},
        more=True,
    )
    vocabulary: int = knob(
        1000, "Byte pairs", "How many pairs, where they are learnt.", low=10, high=MAX_PAIRS, step=10, more=True
    )
    plan: bool = knob(
        False,
        "Plan first",
        "Of quatrains: before each stand its length, tones and rhyme, so that one can ask for a form.",
        more=True,
    )
    bars: bool = knob(
        False,
        "Length first",
        "Of tunes: before each stands how many bars it has, so that one can ask for a length.",
        more=True,
    )
    part: float = knob(
        1.0, "Part of the text", "The share that is learnt from; the rest is left out.", low=0.001, high=1.0, more=True
    )
    heads: int = knob(
        4, "Heads", "Places that each layer looks at, at once; must divide Width.", low=1, high=16, step=1, more=True
    )
    context: int = knob(
        64, "Context", "How many tokens back the model sees while it learns.", low=4, high=512, step=1, more=True
    )
    batch: int = knob(32, "Batch size", "Pieces of text a step.", low=1, high=1024, step=1, more=True)
    lr: float = knob(3e-3, "Learning rate", "How far each step moves the weights.", low=1e-6, high=1.0, more=True)
    dropout: float = knob(
        0.0, "Dropout", "Share of numbers left out at random, against learning by heart.", low=0.0, high=0.8, more=True
    )
    decay: float = knob(0.1, "Weight decay", "How strongly weights are pulled to zero.", low=0.0, high=1.0, more=True)
    seed: int = seed_knob()

    @property
    def whole(self) -> bool:
        """Whether the text is of short documents, each written from its start to its end."""
        return self.data in (POEMS, NAMES, *OF_TUNES)

    def check(self) -> None:
        """Bounds the memory and time of a step, and the time of the run."""
        if self.model in (GPT, MASKED) and self.width % self.heads:
            raise ConfigError(
                "Heads must divide Width: {width} is no multiple of {heads}.", width=self.width, heads=self.heads
            )
        if self.plan and self.data != POEMS:
            raise ConfigError("Only quatrains can have a plan before them.")
        if self.bars and self.data not in OF_TUNES:
            raise ConfigError("Only tunes can have their number of bars before them.")
        weights = 12 * self.layers * self.width**2 + TYPICAL_VOCABULARY * self.width
        work = 6 * weights * self.batch * self.context
        if work > MAX_WORK_PER_STEP:
            raise ConfigError("Layers, Width, Context and Batch size are too large together; lower one.")
        if work * self.steps > MAX_WORK_PER_RUN:
            raise ConfigError(
                "With these Layers, this Width, Context and Batch size there may be at most {steps} steps.",
                steps=MAX_WORK_PER_RUN // work,
            )


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "default": Preset(
            "GPT writes quatrains",
            "From noise to four lines of equal length that rhyme, in a minute or two.",
        ),
        "planned": Preset(
            "With a plan first",
            "The model says before each poem what it is to become, and so can be asked for a form and a rhyme.",
            {"plan": True},
        ),
        "lstm": Preset(
            "LSTM",
            "What wrote texts before Transformers did: it carries all it knows from one character to the next.",
            {"model": LSTM, "layers": 2, "width": 192},
        ),
        "rnn": Preset(
            "Plain RNN",
            "The oldest of the three: what lay a line back has faded.",
            {"model": RNN, "layers": 2, "width": 192, "lr": 1e-3},
        ),
        "masked": Preset(
            "Masked: fills gaps",
            "It sees both sides, as BERT does, and learns to fill what is hidden; it does not write on.",
            {"model": MASKED},
        ),
        "english": Preset(
            "English, letter by letter",
            "Letters, then words, then something like Carroll, Shakespeare and Milton.",
            {"data": ENGLISH, "context": 96},
        ),
        "pairs": Preset(
            "English with byte pairs",
            "Common parts of words are one token, so that the same context reaches further back.",
            {"data": ENGLISH, "tokens": "pairs", "context": 64},
        ),
        "tunes": Preset(
            "Irish and Scottish tunes",
            "Dances of old books, as letters. An LSTM soon learns to count until a bar is full; then its tunes close.",
            {
                **{"data": TUNES, "bars": True, "model": LSTM, "layers": 1},
                **{"context": 200, "batch": 8, "lr": 6e-3, "steps": 3000},
            },
        ),
        "folk": Preset(
            "Chinese folk songs",
            "Some 700 songs of the Essen collection, if whoever runs the app has installed the package music21.",
            {
                **{"data": FOLK, "bars": True, "model": LSTM, "layers": 1, "dropout": 0.2},
                **{"context": 200, "batch": 8, "lr": 6e-3, "steps": 2000},
            },
        ),
        "names": Preset(
            "Given names",
            "The smallest text here: from letters to names that nobody has, in half a minute.",
            {"data": NAMES, "layers": 2, "width": 64, "context": 16, "batch": 64, "steps": 1500},
        ),
        "own": Preset(
            "Your own text",
            "Upload a text file; dropout, since most texts are short enough to be learnt by heart.",
            {"data": OWN, "context": 96, "dropout": 0.2},
        ),
        "rate": Preset(
            "Break it: learning rate too high",
            "Each step overshoots: it learns how often each character comes, and nothing more.",
            {"lr": 0.3},
        ),
        "by_heart": Preset(
            "Break it: learning by heart",
            "A hundredth of the poems, and nothing against it: soon it recites, and knows new poems less and less.",
            {"part": 0.01, "width": 192, "heads": 6},
        ),
    }
)
