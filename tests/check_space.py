"""Checks this folder against the documented rules of Hugging Face Spaces: python -m tests.check_space

Sources: the Hub documentation's "Spaces Configuration Reference" and "Spaces Overview", and its storage limits.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import ROOT

COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
REQUIRED = {"title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "app_file", "license"}
KNOWN = REQUIRED | {
    "python_version", "app_port", "base_path", "fullWidth", "header", "short_description", "models", "datasets",
    "tags", "thumbnail", "pinned", "hf_oauth", "hf_oauth_scopes", "hf_oauth_expiration_minutes", "disable_embedding",
    "startup_duration_timeout", "custom_headers", "preload_from_hub", "suggested_hardware", "suggested_storage",
}  # fmt: skip
MAX_TITLE, MAX_DESCRIPTION = 60, 60  # characters
PLAIN_GIT = 10 * 10**6  # bytes above which plain git is refused, and LFS or `hf upload` needed
MAX_FILE = 40 * 2**20  # ours
MAX_TOTAL = 120 * 10**6  # ours; a Space may hold 1 GB


def front_matter(text: str) -> dict[str, Any]:
    """The YAML block at the top of a README."""
    import yaml

    match = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    return (yaml.safe_load(match[1]) or {}) if match else {}


def card_problems(card: dict[str, Any], root: Path) -> Iterator[str]:
    """What is wrong with the front matter."""
    for key in sorted(REQUIRED - card.keys()):
        yield f"README.md: {key} is missing from the front matter"
    for key in sorted(card.keys() - KNOWN):
        yield f"README.md: {key} is not a key that Spaces know"
    if card.get("sdk") != "gradio":
        yield "README.md: sdk must be gradio"
    for key in ("colorFrom", "colorTo"):
        if card.get(key) not in COLOURS:
            yield f"README.md: {key} must be one of {', '.join(sorted(COLOURS))}"
    for key, most in (("title", MAX_TITLE), ("short_description", MAX_DESCRIPTION)):
        if len(str(card.get(key, ""))) > most:
            yield f"README.md: {key} is longer than {most} characters"
    if re.search(r"[\w\s]", str(card.get("emoji", " "))):
        yield "README.md: emoji must be an emoji"
    if not (root / str(card.get("app_file", ""))).is_file():
        yield "README.md: app_file names no file"
    if not re.fullmatch(r"3\.\d+(\.\d+)?", str(card.get("python_version", "3.10"))):
        yield "README.md: python_version must be like 3.11, in quotes"


def requirement_problems(card: dict[str, Any], requirements: str) -> Iterator[str]:
    """Whether sdk_version, which a Space installs first, is the one that requirements.txt begins with."""
    from packaging.requirements import Requirement
    from packaging.version import Version

    lines = [line for line in requirements.splitlines() if line.strip() and not line.startswith("#")]
    wanted = {r.name: r for r in map(Requirement, lines)}
    gradio = wanted.get("gradio")
    if gradio is None:
        yield "requirements.txt: gradio is missing"
        return
    version = str(card.get("sdk_version", "0"))
    lowest = next((s.version for s in gradio.specifier if s.operator in (">=", "==", "~=")), "0")
    if not gradio.specifier.contains(version) or Version(lowest) != Version(".".join(version.split(".")[:2])):
        yield f"sdk_version {version} is not the gradio that requirements.txt begins with ({gradio.specifier})"


def file_problems(root: Path, names: list[str]) -> Iterator[str]:
    """Files too large for the Space or for plain git."""
    sizes = {name: (root / name).stat().st_size for name in names if (root / name).is_file()}
    for name, size in sizes.items():
        if size > MAX_FILE:
            yield f"{name}: {size / 2**20:.1f} MiB is more than {MAX_FILE // 2**20} MiB"
    if sum(sizes.values()) > MAX_TOTAL:
        yield f"all files together are {sum(sizes.values()) / 10**6:.0f} MB"


def needs_lfs(root: Path, names: list[str]) -> list[str]:
    """Files that a plain `git push` to a Space is refused for; `hf upload` takes them as they are."""
    return [name for name in names if (root / name).is_file() and (root / name).stat().st_size > PLAIN_GIT]


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    card = front_matter((ROOT / "README.md").read_text("utf-8"))
    requirements = (ROOT / "requirements.txt").read_text("utf-8")
    problems = [
        *card_problems(card, ROOT),
        *requirement_problems(card, requirements),
        *file_problems(ROOT, names),
    ]
    for problem in problems:
        print(problem)
    for name in needs_lfs(ROOT, names):
        print(f"note: {name} is over 10 MB: push with `hf upload`, or track it with git-lfs")
    print("not ready for a Space" if problems else "ready for a Space")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
