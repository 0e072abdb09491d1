"""Which of the words for a thing the model knows as a name, and what else a noun may say: colour, count, size."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from types import MappingProxyType

from engines.image_generation.emoji.combining.plan import COLOURS, Thing

# Everyday words that are no emoji's name -> the name that shows it best.
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "star": "white medium star", "bowl": "bowl with spoon", "steaming bowl": "bowl with spoon", "hat": "top hat",
        "chef": "cook", "tree": "deciduous tree", "flower": "blossom", "cup": "teacup without handle",
        "coffee": "hot beverage", "ball": "soccer ball", "box": "package", "parcel": "package",
        "cheese": "cheese wedge", "plane": "airplane", "piano": "musical keyboard", "money": "money bag",
        "lamp": "light bulb", "sea": "water wave", "wave": "water wave", "city": "cityscape",
        "beach": "beach with umbrella", "island": "desert island", "kitten": "cat", "puppy": "dog",
        "sofa": "couch and lamp", "present": "wrapped gift", "gift": "wrapped gift",
        "devil": "smiling face with horns", "clown": "clown face", "monster": "ogre", "pan": "cooking",
        "bottle": "bottle with popping cork", "milk": "glass of milk", "honey": "honey pot",
        "planet": "ringed planet", "earth": "earth americas", "globe": "earth americas", "store": "convenience store",
        "leaf": "maple leaf", "cap": "billed cap", "ufo": "flying saucer", "dinosaur": "t rex",
        "diamond": "gem stone", "wine": "wine glass", "vase": "amphora", "ice": "ice cube", "grass": "herb",
        "snowman": "snowman without snow", "bike": "bicycle", "automobile": "car",
        "umbrella with rain drops": "umbrella", "forest": "evergreen tree", "snow": "snowflake", "rain": "droplet",
        "space": "white medium star", "night": "night with stars", "witch": "mage", "wizard": "mage",
    }
)  # fmt: skip
COUNTS: Mapping[str, int] = MappingProxyType(
    {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "2": 2, "3": 3, "4": 4, "5": 5, "6": 6}
)
SIZES: Mapping[str, str] = MappingProxyType(
    {"big": "big", "large": "big", "huge": "big", "giant": "big", "small": "small", "little": "small", "tiny": "small"}
)
ODD = MappingProxyType(
    {"mice": "mouse", "men": "man", "women": "woman", "children": "child", "geese": "goose", "leaves": "leaf",
     "people": "person", "wolves": "wolf", "knives": "knife", "feet": "foot"}
)  # fmt: skip
ARTICLES = ("a", "an", "the", "some", "my")
NO_THINGS = frozenset(
    ("smile", "bath", "a", "an", "the", "of", "and", "or", "in", "on", "with", "at", "to", "up", "it", "two", "one")
)


def name_of(words: str, known: Container[str], many: bool = False) -> str:
    """The known phrase for a noun in English, singular or plural, "" if there is none; of `many` one of them.

    >>> name_of("puppies", {"dog"})
    'dog'
    """
    *before, last = words.split() or [""]
    for end in (*_singulars(last), last) if many else (last, *_singulars(last)):
        noun = " ".join([*before, end])
        name = ALIASES.get(noun, noun)
        if noun not in (*NO_THINGS, *COLOURS) and name in known:
            return name
    return ""


def thing_of(words: str, known: Container[str]) -> Thing | None:
    """The thing that an English noun phrase means, such as "two small green foxes"; None if it is not known."""
    rest, count, size = words.split(), 1, ""
    while rest and rest[0] in ARTICLES:
        rest.pop(0)
    if len(rest) > 1 and rest[0] in COUNTS:
        count = COUNTS[rest.pop(0)]
    if len(rest) > 1 and rest[0] in SIZES and not name_of(" ".join(rest), known):
        size = SIZES[rest.pop(0)]
    return coloured(" ".join(rest), known, lambda noun: name_of(noun, known, count > 1), count, size)


def coloured(
    noun: str, known: Container[str], name: Callable[[str], str], count: int = 1, size: str = ""
) -> Thing | None:
    """The thing of a noun that may begin with a colour; one that has the colour in its name is that of its own."""
    colour, _, bare = noun.partition(" ")
    colour = "gray" if colour == "grey" else colour
    if whole := name(noun):
        return Thing(whole, "", count, size)
    if colour in COLOURS and (thing := name(bare)):
        both = f"{colour} {thing}"
        return Thing(both, "", count, size) if both in known else Thing(thing, colour, count, size)
    return None


def _singulars(word: str) -> tuple[str, ...]:
    ends = ((("ies", "y"), ("ves", "f"), ("es", ""), ("s", ""))) if len(word) > 3 else ()
    regular = tuple(word.removesuffix(end) + instead for end, instead in ends if word.endswith(end))
    return (ODD[word], *regular) if word in ODD else regular
