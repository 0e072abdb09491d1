"""Scores the words on the bundled picture model: python -m assets.emoji_words.evaluate FOLDER [language …]

FOLDER keeps the npm packages. For each language two figures go into card.json, of the emoji whose English keywords the
model never saw: of how many names the nearest picture (see engines.image_generation.evaluate) is the emoji's, and of
how many keywords it is that of any emoji that has the keyword.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assets.emoji_words.make import HERE, LANGUAGES, bare, emoji_of, load
from engines.image_generation.emoji.pictures import STYLES, Emoji, emoji_words, held_out, load_emoji
from engines.image_generation.evaluate import Make, fidelity, nearest, small


def main() -> None:
    """Score and write the card."""
    from engines.image_generation.emoji.model import EmojiModel
    from engines.image_generation.models import EMOJI_FOLDER

    sources, languages = Path(sys.argv[1]), sys.argv[2:] or list(LANGUAGES)
    emoji, model = load_emoji(sources, 64), EmojiModel.load(EMOJI_FOLDER)
    path = HERE / "card.json"
    card = json.loads(path.read_text("utf-8"))
    for language in languages:
        card.setdefault("scores", {})[language] = scores(model.make, emoji, sources, LANGUAGES[language][0])
        print(language, card["scores"][language], flush=True)
    path.write_text(json.dumps(card, ensure_ascii=False, indent=2) + "\n", "utf-8")


def scores(make: Make, emoji: Sequence[Emoji], sources: Path, folder: str) -> dict[str, float]:
    """{"names", "keywords"} as shares from 0 to 1, and of how many emoji."""
    characters = [bare(character) for character, _, _ in emoji_words(sources)]
    entries = {code: one for code, one in load(sources, folder).items() if code in set(characters)}
    chosen = held_out(len(emoji)).tolist()
    names = fidelity(make, emoji, chosen, [entries[characters[i]]["label"] for i in chosen])
    having = emoji_of(entries)
    labels = {one["label"] for one in entries.values()}
    words = {i: [w for w in entries[characters[i]]["words"] if w not in labels] for i in chosen}
    prompts = [found[len(found) // 2] for found in words.values() if found]
    gallery = small(np.concatenate([[one.pictures[style] for one in emoji] for style in STYLES]))
    styles = [list(STYLES)[i % len(STYLES)] for i in range(len(prompts))]
    found = nearest(make(prompts, styles, 0), gallery) % len(emoji)
    right = [characters[one] in having[prompt] for one, prompt in zip(found, prompts, strict=True)]
    return {"names": round(names, 3), "keywords": round(float(np.mean(right)), 3), "count": len(chosen)}


if __name__ == "__main__":
    main()
