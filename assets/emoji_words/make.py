"""Makes words.json.xz: python -m assets.emoji_words.make [FOLDER that keeps the npm packages]

For each emoji that the bundled picture model knows, its names in other languages (CLDR, by npm's emojibase-data) with
the English name; and for each keyword of another language the English word that stands for it: the one whose emoji are
most nearly the same (Dice 1945), among the English keywords and words of names of those emoji. Common words that no
emoji has, such as colours and counts, are in MORE.
"""

from __future__ import annotations

import json
import lzma
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from assets.sources import npm_package, read_tarball
from engines.image_generation.emoji.pictures import emoji_words

HERE = Path(__file__).parent
PACKAGE = ("emojibase-data", "17.0.0")
LANGUAGES = {"zh": ("zh", "zh-hant"), "ja": ("ja",), "ko": ("ko",), "ru": ("ru",), "es": ("es",), "fr": ("fr",),
             "de": ("de",)}  # fmt: skip
# Chinese words that the keywords do not have, or have in a sense that a picture is seldom asked in.
MORE = {
    "red": "红 红色 紅 紅色", "orange": "橙色 橘色 橙", "yellow": "黄 黄色 黃色 黃 金色", "green": "绿 绿色 綠 綠色",
    "blue": "蓝 蓝色 藍 藍色", "purple": "紫 紫色", "pink": "粉色 粉红 粉红色 粉紅色", "gray": "灰 灰色",
    "one": "一个 一只 一", "two": "两只 两个 两条 两 二", "three": "三只 三个 三条 三", "sad": "伤心 悲伤 难过 傷心",
    "happy": "开心 快乐 高兴 開心", "angry": "生气 愤怒 生氣", "smiling": "微笑 笑脸", "laughing": "大笑 笑",
    "crying": "哭 哭泣 哭着", "sleeping": "睡觉 睡着", "big": "大", "small": "小", "cat": "猫 小猫 猫咪 貓",
    "dog": "狗 小狗 狗狗", "apple": "苹果 蘋果", "car": "车 汽车 小汽车 車", "house": "房子 小屋 屋子",
    "star": "星星 星", "flower": "花 花朵", "tree": "树 树木 大树 樹", "fish": "鱼 小鱼 魚", "bird": "鸟 小鸟 鳥",
    "rabbit": "兔子 兔 小兔子", "pig": "猪 小猪 豬", "cow": "牛 奶牛", "horse": "马 馬", "sheep": "羊 绵羊",
    "tiger": "老虎 虎", "lion": "狮子", "dragon": "龙 龍", "snake": "蛇", "mouse": "老鼠", "monkey": "猴子 猴",
    "elephant": "大象", "bear": "熊", "duck": "鸭子", "chicken": "鸡 小鸡", "heart": "心 爱心 心形 红心",
    "ship": "轮船",
    "boat": "小船 船", "train": "火车", "bus": "公交车 巴士", "airplane": "飞机", "bicycle": "自行车 单车 脚踏车",
    "rain": "雨 下雨", "snow": "雪 下雪", "mountain": "山 高山", "sea": "海 大海", "sun": "太阳", "moon": "月亮",
    "cake": "蛋糕", "birthday cake": "生日蛋糕", "bread": "面包", "rice": "米饭", "noodles": "面条 面",
    "dumpling": "饺子", "tea": "茶", "coffee": "咖啡", "beer": "啤酒", "banana": "香蕉", "orange fruit": "橙子 橘子",
    "book": "书 書", "computer": "电脑 计算机", "phone": "手机 电话", "ball": "球", "football": "足球",
    "girl": "女孩", "boy": "男孩", "baby": "宝宝 婴儿", "man": "男人", "woman": "女人", "king": "国王",
    "queen": "王后 女王", "monster": "怪物 怪兽", "fire": "火", "water": "水", "face": "脸 表情", "hat": "帽子",
    "and": "和 与 跟 、 以及", "forest": "森林", "airport": "机场",
    "person": "人 人们 大人", "child": "孩子 小孩 儿童 小孩子",
}  # fmt: skip
DROPPED = (
    "的 了 着 在 是 上 上面 里 里面 中 带 戴 拿着 骑着 只 个 条 匹 头 朵 辆 艘 座 隻 條 個 張 幅 一幅 一张 请 請 画 畫"
    " 我 你 他 她 它 很 非常 特别 十分 我想要 要 一下 图 图片 照片 ， 。 ！ ？"
)
COLOURS = {
    "ja": "赤 赤い オレンジ 橙 黄色 黄色い 緑 緑の 青 青い 紫 紫の ピンク ピンクの 灰色",
    "ko": "빨간 빨강 주황 주황색 노란 노랑 초록 녹색 파란 파랑 보라 보라색 분홍 분홍색 회색",
    "ru": "красный красная оранжевый оранжевая жёлтый жёлтая зелёный зелёная синий синяя фиолетовый фиолетовая"
    " розовый розовая серый",
    "es": "rojo roja naranja anaranjado amarillo amarilla verde verdes azul azules morado morada rosa rosado gris",
    "fr": "rouge rouges orange oranges jaune jaunes vert verte bleu bleue violet violette rose roses gris",
    "de": "rot roter orange oranger gelb gelbe grün grüne blau blaue lila violett rosa pink grau",
}  # two forms of each of the model's colours, in their order, and one of gray

COLOURED = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "gray")


def main() -> None:
    """Write words.json.xz beside this file."""
    with tempfile.TemporaryDirectory() as temporary:
        sources = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        words = build(sources)
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    (HERE / "words.json.xz").write_bytes(lzma.compress(text.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME))
    print({name: len(table) for name, table in words.items()})


def build(sources: Path) -> dict[str, dict | list]:
    """The whole table, as engines.image_generation.emoji.reading describes it."""
    known = {bare(character): (names, keywords) for character, names, keywords in emoji_words(sources)}
    english = {code: one for code, one in load(sources, "en").items() if code in known}
    trained = {part for names, keywords in known.values() for text in (*names, *keywords) for part in parts(text)}
    for one in english.values():  # without the slang of later years, which the model never met
        one["words"] = [word for word in one["words"] if trained.issuperset(parts(word))]
    of_english = {code: (*known[code][0], *known[code][1], *one["words"]) for code, one in english.items()}
    words: dict[str, dict | list] = {"emoji": {code: names[0] for code, (names, _) in known.items()}}
    words["en"] = sorted({part for texts in of_english.values() for text in texts for part in parts(text)})
    for language, folders in LANGUAGES.items():
        table: dict[str, dict[str, str]] = {"names": {}, "words": {}}
        for folder in folders:
            foreign = {code: one for code, one in load(sources, folder).items() if code in known}
            table["names"] |= {one["label"]: known[code][0][0] for code, one in foreign.items()}
            table["words"] |= aligned(foreign, english, words["emoji"])
        words[language] = table
    more = {word: to for to, listed in MORE.items() for word in listed.split()} | dict.fromkeys(DROPPED.split(), "")
    words["zh"] = {
        "names": {k: v for k, v in words["zh"]["names"].items() if k not in more},
        "words": words["zh"]["words"] | more,
    }
    for language, forms in COLOURS.items():
        words[language]["words"] |= {form: COLOURED[i // 2] for i, form in enumerate(forms.split())}
    return words


def aligned(foreign: Mapping, english: Mapping, names: Mapping[str, str]) -> dict[str, str]:
    """Keyword -> the English word whose emoji are most nearly the same; of one emoji alone, that emoji's name."""
    where, english_where = emoji_of(foreign), emoji_of(english)
    found = {}
    for word, codes in where.items():
        both = Counter(text for code in codes for text in english[code]["words"])
        if len(codes) == 1 or not both:
            found[word] = names[min(codes)]
            continue
        found[word] = max(
            sorted(both), key=lambda text: (2 * both[text] / (len(codes) + len(english_where[text])), -len(text))
        )
    return found


def emoji_of(entries: Mapping) -> dict[str, set[str]]:
    """Word -> the emoji that have it."""
    where = defaultdict(set)
    for code, one in entries.items():
        for word in one["words"]:
            where[word].add(code)
    return where


def load(sources: Path, language: str) -> dict[str, dict]:
    """Emoji -> its label, and the words of it: keywords, and an English label's own words."""
    tarball = npm_package(*PACKAGE, sources)
    entries = json.loads(read_tarball(tarball, f"package/{language}/data.json")[""])
    found = {}
    for entry in entries:
        label, tags = entry["label"].lower(), [tag.lower() for tag in entry.get("tags", [])]
        tags = [tag for tag in tags if any(map(str.isalpha, tag))]
        own = parts(label) if language == "en" else ()
        found[bare(entry["emoji"])] = {"label": label, "words": list(dict.fromkeys([*tags, *own]))}
    return found


def parts(text: str) -> list[str]:
    """The words of a name."""
    return [part for part in text.lower().replace("-", " ").replace(":", " ").split() if part.isalpha()]


def bare(character: str) -> str:
    """An emoji without the mark that asks for its coloured form."""
    return character.replace("\ufe0f", "")


if __name__ == "__main__":
    main()
