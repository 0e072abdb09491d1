"""The datasets that ship with the app: each is a folder of assets/ whose card.json says what a person should know.

Reading the cards loads nothing. A folder more with such a card, and its pictures, is a dataset more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

ASSETS = Path(__file__).parent.parent.parent / "assets"


@dataclass(frozen=True, kw_only=True)
class BundledCard:
    """What a person should know about any set that ships with the app."""

    name: str  # of its folder
    order: int  # of its place in lists
    title: str
    description: str
    count: int  # bundled pictures, or texts that have a label
    source: str
    licence: str


@dataclass(frozen=True, kw_only=True)
class DatasetCard(BundledCard):
    """A picture set, assets/<name>/pictures.npz."""

    size: int  # pixels on a side, as bundled
    channels: int  # 1 gray, 3 RGB
    class_names: tuple[str, ...]
    label: str = ""  # in lists, where the title is too long
    whole_count: int = 0  # pictures in the whole set, which can be fetched; 0 when there is none


@dataclass(frozen=True, kw_only=True)
class TextDatasetCard(BundledCard):
    """A set of labelled texts, assets/<name>/texts.csv; of movie_reviews texts.csv.gz."""

    language: str  # "en" or "zh"
    label_names: tuple[str, ...]
    neutral_below: float = 0.0  # texts whose rating is nearer to zero have no label


Card = TypeVar("Card", DatasetCard, TextDatasetCard)


def load_cards(kind: type[Card], key: str, folder: Path = ASSETS) -> Mapping[str, Card]:
    """Name -> what the card.json of its folder says under `key`, in order; ValueError naming a card that is wrong."""
    found = (_read(kind, key, path) for path in folder.glob("*/card.json"))
    return MappingProxyType({card.name: card for card in sorted(filter(None, found), key=lambda card: card.order)})


def _read(kind: type[Card], key: str, path: Path) -> Card | None:
    try:
        fields = json.loads(path.read_text("utf-8")).get(key)
        return None if fields is None else kind(name=path.parent.name, **{k: _frozen(v) for k, v in fields.items()})
    except (TypeError, ValueError, AttributeError) as problem:
        raise ValueError(f"{path.parent.name}/{path.name} is not a dataset's card: {problem}") from problem


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


DATASETS = load_cards(DatasetCard, "pictures")
TEXT_DATASETS = load_cards(TextDatasetCard, "texts")
