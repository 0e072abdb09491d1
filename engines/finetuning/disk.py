"""Writing models to a disk that may be full, so that a whole one is always there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from engines.messages import EngineError


@contextmanager
def disk_space() -> Iterator[None]:
    """Turn a disk's refusal into one clear sentence."""
    try:
        yield
    except (OSError, SafetensorError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem).splitlines()[0][:200]
        raise EngineError(
            "The disk refused to keep the run: {reason}. Make room and start again; what was kept before stays.",
            reason=reason,
        ) from problem


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes `path` once that has succeeded."""
    new = path.with_name(f"{path.name}.new")
    try:
        yield new
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def replace_folder(new: Path, folder: Path) -> None:
    """Put a finished folder where another one was, so that at every moment a whole one is there or beside it."""
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    new.replace(folder)
    shutil.rmtree(old, ignore_errors=True)
