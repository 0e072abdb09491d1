"""from_pretrained of transformers and diffusers, for one model of a process at a time.

transformers swaps methods of its classes while it loads (`no_tie_weights`, `no_init_weights`) and puts back what it
found. Of two loads that overlap, the second finds the first one's swaps and puts those back: from then on no model in
this process has its output layer tied to its embeddings, and loading one fails.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

_ONE_AT_A_TIME = threading.Lock()


def load_pretrained(kind: Any, folder: Path, **options: Any) -> Any:
    """`kind.from_pretrained(folder, **options)`; raises what that raises."""
    with _ONE_AT_A_TIME:
        return kind.from_pretrained(folder, **options)
