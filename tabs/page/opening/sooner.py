"""Imports Gradio with some places of its modules mended: half of what its import took was of no use to anybody.

It took 2.3 s on two cores, and takes 1.2 s so. A module that reads otherwise, as in another version of Gradio, is
imported as it is, and so is all of Gradio where something has imported it before this.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from tabs.page.opening.mend import Mend, mended

COMPONENTS, CACHING, SESSIONS = "gradio.component_meta", "gradio.caching", "gradio.state_holder"
MENDS = (
    # At each start the .pyi file of each component was made anew, for editors, and found to be as it was: 1 s.
    Mend(COMPONENTS, "        create_or_modify_pyi(component_class, name, events)\n", ""),
    # Which arguments a class takes was found out anew for each of its components: 0.15 s for 1,636 of them.
    Mend(
        COMPONENTS,
        "    @wraps(fn)\n    def wrapper(*args, **kwargs):\n        fn_args = inspect.getfullargspec(fn).args\n",
        "    fn_args = inspect.getfullargspec(fn).args\n\n    @wraps(fn)\n    def wrapper(*args, **kwargs):\n",
    ),
    # pandas, only to tell whether something in a gr.cache is a table: 0.15 s and 44 MB. Other modules have it so too.
    Mend(CACHING, "\nimport pandas as pd\n", "\n"),
    *(
        Mend(CACHING, line, f"{line}    import pandas as pd\n\n")
        for line in ("\ndef _hash_repr(obj: Any) -> str:\n", "\ndef _estimate_size(obj: Any) -> int:\n")
    ),
    # For each visitor the settings of all components were written down, which only a button that we have not got
    # (gr.DeepLinkButton) reads: 0.15 s at the first event of each, and 2.5 MB for an hour.
    Mend(
        SESSIONS,
        """        self.config_values = {
            k: self.blocks_config.config_for_block(k, [], v)
            for k, v in self.blocks_config.blocks.items()
            if k in blocks.blocks
        }
""",
        "        self.config_values = {}\n",
    ),
)


class MendedFile(SourceFileLoader):
    """Loads a module with mends in it; the compiled one that Python keeps is that of the module as it is."""

    def __init__(self, name: str, path: str, mends: Sequence[Mend]) -> None:
        super().__init__(name, path)
        self.mends = mends

    def get_code(self, fullname: str) -> CodeType | None:
        """What is to be run."""
        text = mended(self.get_source(fullname), self.mends)
        return super().get_code(fullname) if text is None else self.source_to_code(text.encode(), self.path)


class MendedFiles(MetaPathFinder):
    """Finds the modules that mends name where Python finds them."""

    def __init__(self, mends: Sequence[Mend]) -> None:
        self.mends = mends

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module, to be loaded mended; None leaves it to Python."""
        own = [mend for mend in self.mends if mend.file == fullname]
        spec = PathFinder.find_spec(fullname, path, target) if own else None
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = MendedFile(fullname, spec.loader.path, own)
        return spec


@contextmanager
def mending(mends: Sequence[Mend]) -> Iterator[None]:
    """Modules that are imported within are mended."""
    finder = MendedFiles(mends)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


with mending(MENDS):
    import gradio  # noqa: F401
