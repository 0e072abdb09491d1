"""Gradio's own scripts, mended as they are served."""

import shutil
import subprocess
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio.routes import BUILD_PATH_LIB

from tabs.page.opening.mend import Mend
from tabs.page.opening.quicker import MENDS, mended_scripts
from tests.served import served


def test_all_mends_fit_the_version_that_they_were_written_for():
    if not gr.__version__.startswith("6.31."):
        pytest.skip("written for Gradio 6.31; another one is served as it is, or as far as it reads the same")
    texts = mended_scripts(Path(BUILD_PATH_LIB))
    assert {name.split("-")[0] for name in texts} == {mend.file for mend in MENDS}
    assert all(sum(mend.after in text for text in texts.values()) == 1 for mend in MENDS)


@pytest.mark.skipif(shutil.which("node") is None, reason="node, which reads the scripts, is not installed")
def test_mended_scripts_still_parse(tmp_path):
    for name, text in mended_scripts(Path(BUILD_PATH_LIB)).items():
        path = tmp_path / name.replace(".js", ".mjs")
        path.write_text(text, "utf-8")
        subprocess.run(["node", "--check", path], check=True, capture_output=True)


def test_a_script_that_reads_otherwise_is_left_alone(tmp_path):
    mends = (Mend("core", "one", "1"), Mend("core", "two", "2"), Mend("Blocks", "one", "1"))
    (tmp_path / "core-a.js").write_text("one two")
    (tmp_path / "core-b.js").write_text("one")  # not all of its mends fit
    (tmp_path / "core-c.js").write_text("one two one")  # nobody knows which
    (tmp_path / "other-d.js").write_text("one two")
    assert mended_scripts(tmp_path, mends) == {"core-a.js": "1 2"}


def test_the_mended_script_is_what_a_browser_gets_and_all_others_are_gradios():
    folder = Path(BUILD_PATH_LIB)
    texts = mended_scripts(folder)
    with served(only=("gan_training",)) as (url, _):
        for name, text in texts.items():
            answer = httpx.get(f"{url}assets/{name}")
            assert answer.text == text
            assert answer.headers["content-type"].startswith("application/javascript")
        other = next(path for path in sorted(folder.glob("*.js")) if path.name not in texts)
        assert httpx.get(f"{url}assets/{other.name}").text == other.read_text("utf-8")
        assert httpx.get(f"{url}assets/no-such.js").status_code == 404
