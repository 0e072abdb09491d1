"""A small grammar of pictures, in English and Chinese: which things a prompt names, and how they lie to each other.

A prompt has a plan only if the model knows each of its things by name and the prompt itself is none of the phrases
that it knows: those it draws as one. To make a layout of the prompt first and draw each object by itself is the idea
of LMD (Lian 2023), where a language model makes it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from engines.data.cards import ASSETS
from engines.image_generation.config import Blend, ImageConfig
from engines.image_generation.emoji.combining.plan import MOST, Plan, Thing
from engines.image_generation.emoji.combining.things import COLOURS, coloured, name_of, thing_of
from engines.image_generation.emoji.reading import Reader

PHRASES = ASSETS / "emoji_model" / "phrases.json"  # that the bundled model draws as one
READ = 120  # characters: a longer prompt is no list of things
WORN = frozenset(("top hat", "crown", "billed cap", "womans hat", "mortar board", "graduation cap"))
CLOTHES = frozenset(("sari", "kimono", "dress", "shirt", "tshirt", "jeans", "coat", "bikini", "swimsuit", "lab coat"))
HATTED = frozenset(("cook", "top hat", "crown"))
SKY = frozenset(("rainbow", "sun", "moon", "crescent moon", "full moon", "star", "glowing star", "cloud", "comet"))
WEATHER = frozenset(("snowflake", "droplet"))
AROUND = WEATHER | {"star", "white medium star", "evergreen tree", "deciduous tree", "blossom", "leaves", "maple leaf",
                    "sparkles", "herb"}  # fmt: skip
TREES = frozenset(("deciduous tree", "evergreen tree", "palm tree", "christmas tree", "cactus"))
DEEP = frozenset(("water wave", "boat", "canoe", "bathtub", "basket"))
SCENES = frozenset(("desert", "night with stars", "cityscape", "national park", "beach with umbrella", "desert island",
                    "sunrise", "sunset", "volcano", "milky way", "bridge at night", "city sunset"))  # fmt: skip
CHINESE = re.compile("[\u3400-\u9fff]")

# Words between two things -> how the first lies to the second.
DOING = (
    r"(?:(?:is|are|sitting|sits|standing|lying|sleeping|flying|jumping|swimming|floating|walking|hanging|playing) )*"
)
ENGLISH: Mapping[str, str] = MappingProxyType(
    {
        "on top of|on|onto|riding|riding on|rides|driving": "on",
        "above|over": "above",
        "under|underneath|below|beneath": "under",
        "in front of": "before",
        "behind": "behind",
        "inside|inside of|in|into|at": "in",
        "among|between|surrounded by": "among",
        "with(?= an? )": "with",
        "wearing|wears|with": "worn",
        "next to|beside|near|by|plus|(?:holding|eating)(?= an? )|looking at|chasing|kicking": "beside",
    }
)
BETWEEN = re.compile(f" {DOING}(?:" + "|".join(f"(?P<r{i}>{words})" for i, words in enumerate(ENGLISH)) + ") ")
LIST = re.compile(r" ?, ?(?:and )?| and | & | \+ ")

# A whole prompt -> how the thing X lies to Y. The first that fits, and whose things are known, counts.
AT = "[坐站睡躺飞飛游停放挂掛跳趴]?(?:在|于|於)"
CHINESE_FORMS: Mapping[str, str] = MappingProxyType(
    {
        r"[骑騎坐开開驾駕](?:着|著)?(?P<y>.+?)的(?P<x>.+)": "on",
        r"(?P<x>.+?)(?:正在|在)?[骑騎](?:着|著)?(?P<y>.+)": "on",
        r"戴(?:着|著)?(?P<y>.+?)的(?P<x>.+)": "worn",
        r"(?P<x>.+?)戴(?:着|著)?(?P<y>.+)": "worn",
        rf"(?P<x>.+?)(?:正)?{AT}(?P<y>.+?)(?P<w>%s)": "",
        rf"{AT}(?P<y>.+?)(?P<w>%s)的?(?P<x>.+)": "",
        r"(?P<y>.+?)(?P<w>%s)的(?P<x>.+)": "",
        r"(?P<w>下)(?P<y>雪|雨)(?:中|时|時)?的?(?P<x>.+)": "",
    }
)
PLACES: Mapping[str, str] = MappingProxyType(
    {
        "上面": "on", "上方": "above", "上空": "above", "顶上": "on", "上": "on", "下面": "under", "下方": "under",
        "底下": "under", "旁边": "beside", "旁邊": "beside", "旁": "beside", "前面": "before", "前": "before",
        "后面": "behind", "後面": "behind", "里面": "in", "裡面": "in", "里": "in", "裡": "in",
        "中间": "in", "中": "in", "下": "under",
    }
)  # fmt: skip
AND = re.compile("[和与與跟、，]|以及|还有|還有")
ASKED = re.compile(r"^(?:请|請)?(?:给我|給我|帮我|幫我)?(?:画|畫)(?:出|一下)?|[。！!.]+$")
COUNTED = re.compile(
    "(?:(?P<count>[一两兩二三四五六俩23456])(?:[只隻个個条條头頭匹朵辆輛艘座颗顆棵本件把架台间間位根片枝支块塊盏盞架双雙口]|张|張|幅)?)?"
    "(?P<size>大|小|巨大的|很大的|很小的|大的|小的)?(?P<noun>.+)"
)
SIGNS = MappingProxyType({"大": "big", "小": "small"})
NUMBERS = MappingProxyType(
    dict(zip("一两兩二俩三四五六23456", (1, 2, 2, 2, 2, 3, 4, 5, 6, 2, 3, 4, 5, 6), strict=True))
)


class Planner:
    """Reads prompts into plans. `known` are the phrases that the model draws as one."""

    def __init__(self, reader: Reader, known: Container[str]) -> None:
        self._reader, self.known = reader, known

    def plan(self, prompt: str) -> Plan | None:
        """The plan of a prompt; None if it is drawn as one, for the model knows it so or not each of its things.

        >>> Planner(Reader(), {"cat", "bicycle"}).plan("a cat riding a bicycle").relation
        'on'
        """
        text = " ".join(unicodedata.normalize("NFKC", prompt).lower().replace("\ufe0f", "").split())
        if not text or len(text) > READ or self._is_known(text):
            return None
        readings = self._chinese(text) if CHINESE.search(text) else self._english(text)
        for things, relation in readings:
            plan = self._settled(things, relation)
            if plan:
                return plan
        return None

    def _is_known(self, text: str) -> bool:
        table = self._reader.table.get("zh", {"names": {}, "words": {}})
        return text in self.known or text in table["names"] or table["words"].get(text) in self.known

    def _settled(self, things: list[Thing | None], relation: str) -> Plan | None:
        """The plan of things that are all known, unless it is one thing, drawn as the model draws it."""
        if not things or None in things or not 1 <= sum(thing.count for thing in things) <= MOST:
            return None
        if len(things) == 1:
            return Plan(tuple(things)) if things[0].count > 1 or things[0].colour else None
        first, second = things[0].phrase, things[-1].phrase
        match relation:
            case "with" | "worn" if second in WORN:
                if first in HATTED:
                    return Plan(tuple(things[:1]))
                face = f"{first} face"
                things = [replace(things[0], phrase=face) if face in self.known else things[0], *things[1:]]
                relation = "worn"
            case "worn":
                return None
            case "in" if second in CLOTHES:
                return None
            case "with":
                relation = "beside"
            case "in" | "on" if second in SCENES:
                relation = "scene"
            case "in" if second in AROUND:
                relation = "among"
            case "on" | "under" if second in WEATHER:
                relation = "among"
            case "on" if first in SKY:
                relation = "above"
            case "on" if second in DEEP:
                relation = "in"
            case "under" if second in TREES:
                relation = "before"
        return Plan(tuple(things), relation)

    # --- English -------------------------------------------------------------------------------------------------

    def _english(self, text: str) -> Iterator[tuple[list[Thing | None], str]]:
        text = text.rstrip(".! ")
        yield [self._thing(text)], "beside"
        yield [self._thing(part) for part in LIST.split(text)], "beside"
        for match in BETWEEN.finditer(text):
            relation = next(kind for i, kind in enumerate(ENGLISH.values()) if match[f"r{i}"])
            yield [self._thing(text[: match.start()]), self._thing(text[match.end() :])], relation

    def _thing(self, words: str) -> Thing | None:
        return thing_of(words, self.known)

    # --- Chinese -------------------------------------------------------------------------------------------------

    def _chinese(self, text: str) -> Iterator[tuple[list[Thing | None], str]]:
        text = ASKED.sub("", text.replace(" ", "")) or text
        yield [self._chinese_thing(text)], "beside"
        yield [self._chinese_thing(part) for part in AND.split(text)], "beside"
        for form, relation in CHINESE_FORMS.items():
            for place in PLACES if "%s" in form else ("",):
                match = re.fullmatch(form.replace("%s", place), text)
                if match:
                    where = relation or PLACES.get(match["w"], "in")
                    where = "in" if match.groupdict().get("w") == "下" and match["y"] in "雪雨" else where
                    yield [self._chinese_thing(match["x"]), self._chinese_thing(match["y"])], where

    def _chinese_thing(self, words: str) -> Thing | None:
        whole = self._chinese_noun(words)
        if whole:
            bare = self._chinese_noun(words[1:]) if words[0] in SIGNS else None
            return replace(whole, size=SIGNS[words[0]]) if whole == bare else whole
        match = COUNTED.fullmatch(words)
        if not match:
            return None
        thing = self._chinese_noun(match["noun"].removeprefix("的"))
        size = next((size for sign, size in SIGNS.items() if sign in (match["size"] or "")), "")
        return thing and replace(thing, count=NUMBERS.get(match["count"], 1), size=size)

    def _chinese_noun(self, words: str) -> Thing | None:
        """A noun without count or size: a name or keyword of the table, maybe after a colour."""
        table = self._reader.table.get("zh", {"names": {}, "words": {}})

        def english(word: str) -> str:
            return table["names"].get(word) or table["words"].get(word) or ""

        def thing(english_words: str, noun: str) -> Thing | None:
            found = coloured(english_words, self.known, lambda name: name_of(name, self.known))
            return found and replace(found, said=noun)

        if noun := english(words):
            return thing(noun, words)
        for end in range(1, len(words)):
            bare = words[end:].removeprefix("的")
            colour, noun = english(words[:end].removesuffix("的")), english(bare)
            if colour in COLOURS and noun:
                return thing(f"{colour} {noun}", bare)
        return None


@cache
def bundled_planner() -> Planner:
    """That of the bundled model, made once a process."""
    try:
        phrases = json.loads(PHRASES.read_text("utf-8"))
    except (OSError, ValueError):
        phrases = []
    return Planner(Reader(), frozenset(" ".join(phrase.lower().split()) for phrase in phrases))


def plan_of(config: ImageConfig, blends: Sequence[Blend] = ()) -> Plan | None:
    """The plan that the bundled model follows with these settings; None if it draws alone.

    On the way to another prompt it does: there is nothing between two plans.
    """
    wanted = config.together == "yes" and config.card.combines and config.task == "text_to_image"
    if not wanted or any(blend.prompt for blend in blends):
        return None
    return bundled_planner().plan(config.prompt)


def tells_of_several(prompt: str) -> bool:
    """Whether a prompt tells of what no name of an emoji does: several things, or one in another colour."""
    return bundled_planner().plan(prompt) is not None
