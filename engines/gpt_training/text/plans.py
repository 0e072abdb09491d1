"""The plan that stands before a quatrain of a model that plans: what a beginning settles of it, the rest by chance."""

from __future__ import annotations

import random
import re

from engines.gpt_training.measures.form import prosody

LENGTHS = {5: "五", 7: "七"}


def plan_for(start: str, seed: int = 0) -> str:
    """A plan such as 七平东： for a poem that begins so: length of a line, tone of the second character, rhyme.

    The rhyme is that of line 2; of a poem of seven that has only line 1 that one's, where it is level: mostly it
    rhymes too. What is open is drawn, a rhyme the more often the more characters it has.
    """
    chance, sounds = random.Random(seed), prosody()
    *lines, rest = re.split("[，。]", start)
    first = (lines or [rest])[0]
    length = chance.choice((5, 7)) if not lines and len(first) < 5 else 5 if len(first) <= 5 else 7
    tone = sounds.tones.get(first[1:2], "○")
    tone = chance.choice("平仄") if tone == "○" else tone
    level = {name: len(characters) for name, characters in sounds.groups.items() if "平" in name}
    rhyming = lines[1:2] or (lines if length == 7 else [])
    groups = [name for name in sounds.rhymes.get(rhyming[0][-1:], ()) if name in level] if rhyming else []
    group = min(groups) if groups else chance.choices(list(level), list(level.values()))[0]
    return f"{LENGTHS[length]}{tone}{group[-1]}："
