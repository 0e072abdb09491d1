"""Files made for a visitor, kept only long enough for Gradio to pick them up."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import gradio as gr

from tabs.page.language import t

KEPT_SECONDS = 600.0
# One press makes the file and saves it, as a press on its link would.
DOWNLOAD = """(file) => {
  const link = Object.assign(document.createElement("a"), { href: file.url, download: file.orig_name ?? "" });
  document.body.append(link);
  link.click();
  link.remove();
}"""


def download_field(elem_id: str) -> gr.File:
    """Where a file that was made lies to be downloaded again; it takes no room before there is one."""
    return gr.File(label=t("Download"), interactive=False, elem_id=elem_id, elem_classes="to-take", height=90)


class Outbox:
    """A temporary folder that ends with the app and clears itself of what was picked up long ago."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="aigc-playground-", ignore_cleanup_errors=True)

    def path(self, name: str) -> Path:
        """A new path that ends with `name`, which the visitor sees as the file's name."""
        root = Path(self._folder.name)
        for old in root.iterdir():
            if time.time() - old.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
        return Path(tempfile.mkdtemp(dir=root)) / name
