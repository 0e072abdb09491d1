"""What a person may set about fine-tuning a classifier, and recipes that work. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

from engines.data.cards import TEXT_DATASETS
from engines.knobs import Config, Preset, knob, seed_knob
from engines.messages import ConfigError, Message

ENGINE = "finetuning"  # the name of its runs
TITLE = "Fine-tuning"
PICTURE_DATASETS = ("fashion_mnist", "own_pictures")
PICTURE_MODELS = ("small_cnn", "resnet18", "mobilenet")
CHARACTER_MODEL = "char_ngrams"
CHINESE_MODEL = "bert_zh"
ENCODER_IDS: Mapping[str, str] = MappingProxyType(  # model -> id in engines.catalog.ENCODERS
    {
        "minilm": "all-MiniLM-L6-v2",
        "distilbert": "distilbert-base-uncased",
        "bert": "bert-base-uncased",
        "bert_zh": "bert-base-chinese",
    }
)
MAX_TOKENS_PER_STEP = 2**14  # batch x max_length: a few GB of activations in a BERT


@dataclass(frozen=True)
class FinetuningConfig(Config):
    """Settings of one fine-tuning run."""

    time_of: ClassVar[tuple[str, ...]] = (
        "epochs", "dataset", "model", "method", "batch", "max_length", "rows", "adversarial", "mlm", "mlm_epochs",
    )  # fmt: skip
    data_of: ClassVar[tuple[str, ...]] = ("dataset", "rows", "text_column", "label_column")

    dataset: str = knob(
        "movie_reviews",
        "Dataset",
        "The labelled examples that the model learns from.",
        choices={name: card.title for name, card in TEXT_DATASETS.items()}
        | {
            "own_texts": "Your own texts",
            "fashion_mnist": "Fashion-MNIST",
            "own_pictures": "Your own pictures",
        },
    )
    model: str = knob(
        "minilm",
        "Model",
        "What is fine-tuned: one that has read millions of texts, or a small network that has seen none.",
        choices={
            "minilm": "MiniLM-L6",
            "distilbert": "DistilBERT",
            "bert": "BERT base",
            "bert_zh": "BERT base, Chinese",
            "char_ngrams": "Character n-grams, from scratch",
            "small_cnn": "Small CNN, from scratch",
            "resnet18": "ResNet-18",
            "mobilenet": "MobileNet-V3 small",
        },
    )
    method: str = knob(
        "full",
        "Method",
        "Full changes all weights; LoRA learns small additions to them; a frozen backbone only gets a new head.",
        choices={"full": "Full", "lora": "LoRA", "frozen": "Frozen backbone"},
    )
    epochs: int = knob(
        2,
        "Epochs",
        "How often each example is seen; with fewer than a thousand examples take 5 to 20.",
        low=1,
        high=100,
        step=1,
    )
    batch: int = knob(32, "Batch size", "Examples behind each step.", low=1, high=512, step=1, more=True)
    lr: float = knob(1e-4, "Learning rate", "How far each step moves the weights.", low=1e-7, high=0.1, more=True)
    weight_decay: float = knob(
        0.01,
        "Weight decay",
        "Pulls the weights towards zero, against overfitting.",
        low=0.0,
        high=1.0,
        step=0.01,
        more=True,
    )
    max_length: int = knob(
        128, "Max length", "Tokens of a text that are read; the rest is cut.", low=8, high=512, step=8, more=True
    )
    warmup: float = knob(
        0.1,
        "Warm-up",
        "The share of the steps in which the learning rate grows; then it falls to zero.",
        low=0.0,
        high=0.9,
        step=0.05,
        more=True,
    )
    rows: int = knob(
        0,
        "Rows",
        "Use at most so many examples, drawn at random; 0 is all.",
        low=0,
        high=1_000_000,
        step=100,
        more=True,
    )
    adversarial: bool = knob(
        False,
        "Adversarial training",
        "Each step also learns from word embeddings pushed where they hurt most (FGM); about twice as slow.",
        more=True,
    )
    epsilon: float = knob(
        0.5,
        "Epsilon",
        "How far adversarial training pushes the word embeddings.",
        low=0.0,
        high=10.0,
        step=0.1,
        more=True,
    )
    mlm: bool = knob(
        False,
        "Masked-language-model warm-up",
        "First guess hidden words in the same texts, without their labels, as BERT was trained.",
        more=True,
    )
    mlm_epochs: int = knob(
        1, "Warm-up epochs", "How often the masked-word warm-up reads the texts.", low=1, high=20, step=1, more=True
    )
    patience: int = knob(
        4,
        "Patience",
        "Ends the run after so many evaluations without progress; 0 never does.",
        low=0,
        high=100,
        step=1,
        more=True,
    )
    text_column: str = knob("", "Text column", "Of your table; empty: guess.", max_length=200, more=True)
    label_column: str = knob("", "Label column", "Of your table; empty: guess.", max_length=200, more=True)
    replay: float = knob(
        0.3,
        "Replay",
        "When a run is continued: the share of its old examples mixed into the new ones, against forgetting.",
        low=0.0,
        high=1.0,
        step=0.05,
        more=True,
    )
    seed: int = seed_knob()

    @property
    def pictures(self) -> bool:
        """Whether the data are pictures rather than texts."""
        return self.dataset in PICTURE_DATASETS

    @property
    def from_characters(self) -> bool:
        """Whether it reads characters rather than the words of a language model."""
        return self.model == CHARACTER_MODEL

    def paced_like(self, other: Config) -> bool:
        """See Config; how long one's own file takes, another does not tell."""
        return not self.dataset.startswith("own_") and super().paced_like(other)

    def without_download(self) -> FinetuningConfig:
        """The same task for the model that reads any script and needs no download, learning as in its recipe."""
        learning = {
            name: RECIPES["intents_zh"].values[name] for name in ("model", "epochs", "batch", "lr", "patience")
        }
        return replace(self, method="full", adversarial=False, mlm=False, **learning)

    def check(self) -> None:
        """The model must read the kind of data, the options must suit the model, and a step must fit memory."""
        title = Message(self.knobs()["model"].choices[self.model])
        if self.pictures != (self.model in PICTURE_MODELS):
            if self.pictures:
                raise ConfigError("{model} reads texts; for pictures choose a picture model.", model=title)
            raise ConfigError("{model} sees pictures; for texts choose a text model.", model=title)
        if self.pictures and (self.method == "lora" or self.adversarial or self.mlm):
            raise ConfigError("LoRA, adversarial training and the masked-word warm-up are for texts only.")
        if self.model == "small_cnn" and self.method == "frozen":
            raise ConfigError("{model} has nothing learnt to freeze; choose Full.", model=title)
        if self.from_characters and (self.method != "full" or self.adversarial or self.mlm):
            raise ConfigError("{model} has nothing learnt before; choose Full, and neither extra.", model=title)
        if self.adversarial and self.method == "frozen":
            raise ConfigError("Adversarial training needs a backbone that learns; choose Full or LoRA.")
        if not self.pictures and self.batch * self.max_length > MAX_TOKENS_PER_STEP:
            raise ConfigError(
                "Batch size and Max length are too large together: their product may be at most {most}.",
                most=MAX_TOKENS_PER_STEP,
            )


RECIPES: Mapping[str, Preset] = MappingProxyType(
    {
        "default": Preset("Movie reviews", "Is a snippet of a film review for or against? Real human ratings."),
        "intents": Preset(
            "Customer-service intents",
            "What does a customer want? A small set with many classes.",
            {"dataset": "intents", "epochs": 12, "batch": 16, "lr": 3e-4, "max_length": 48},
        ),
        "intents_zh": Preset(
            "Customer-service intents in Chinese",
            "The same in Chinese, from single characters and pairs of them, without a download. Where the Hugging"
            " Face hub can be reached, BERT base, Chinese knows more; give it a learning rate of 0.00005. Where it"
            " can't, these characters are learnt in its place.",
            {
                "dataset": "intents_zh",
                "model": "char_ngrams",
                "epochs": 20,
                "batch": 16,
                "lr": 2e-2,
                "max_length": 48,
                "patience": 0,
            },
        ),
        "pictures": Preset(
            "Fashion-MNIST pictures",
            "A small network learns ten classes of clothes from scratch; then draw some yourself.",
            {"dataset": "fashion_mnist", "model": "small_cnn", "epochs": 5, "batch": 64, "lr": 2e-3},
        ),
        "lora": Preset(
            "LoRA",
            "Movie reviews again, learning a few per cent of the weights; they are merged in the end.",
            {"method": "lora", "lr": 1e-3},
        ),
        "frozen": Preset(
            "Frozen backbone",
            "Movie reviews with only a new head: many times faster, and less accurate.",
            {"method": "frozen", "epochs": 20, "lr": 3e-3},
        ),
        "adversarial": Preset(
            "Adversarial training",
            "Movie reviews with word embeddings pushed where they hurt most; twice as slow, a little sturdier.",
            {"adversarial": True},
        ),
    }
)
