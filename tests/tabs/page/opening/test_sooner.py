"""Gradio's own modules, mended as they are imported."""

import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import gradio as gr
import pytest

from tabs.page.opening.mend import Mend, mended
from tabs.page.opening.sooner import MENDS, mending
from tests import ROOT

BUSY = (
    Mend("busy", "time.sleep(9)", "pass"),
    Mend("busy", "SLOW = True", "SLOW = False"),
)


def source(name: str) -> str:
    return Path(importlib.util.find_spec(name).origin).read_text("utf-8")


def in_a_new_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", sorted({mend.file for mend in MENDS}))
def test_all_mends_fit_the_version_that_they_were_written_for(name):
    if not gr.__version__.startswith("6.31."):
        pytest.skip("written for Gradio 6.31; another one is imported as it is, or as far as it reads the same")
    text = mended(source(name), [mend for mend in MENDS if mend.file == name])
    compile(text, name, "exec")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where a module may be put; what is imported from there is forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("busy", None)


def load(folder, text):
    sys.modules.pop("busy", None)
    (folder / "busy.py").write_text(text, "utf-8")
    importlib.invalidate_caches()
    return importlib.import_module("busy")


def test_a_module_is_mended_within_and_never_afterwards(folder):
    text = "import time\nSLOW = True\nif SLOW:\n    time.sleep(9)\nname = __name__, __file__\n"
    with mending(BUSY):
        busy = load(folder, text)
    assert not busy.SLOW
    assert busy.name == ("busy", str(folder / "busy.py"))
    later = load(folder, text.replace("time.sleep(9)", "time.sleep(0)"))
    assert later.SLOW


def test_what_python_keeps_compiled_is_the_module_as_it_stands(folder):
    text = "SLOW = True\n# time.sleep(9)\n"
    assert load(folder, text).SLOW
    with mending(BUSY):
        del sys.modules["busy"]
        assert not importlib.import_module("busy").SLOW
    del sys.modules["busy"]
    assert importlib.import_module("busy").SLOW


def test_a_module_that_reads_otherwise_is_imported_as_it_is(folder):
    with mending(BUSY):
        assert load(folder, "SLOW = True\n").SLOW


def test_a_module_that_is_missing_is_missing(folder):
    with mending((Mend("no_such_module", "a", "b"),)), pytest.raises(ModuleNotFoundError):
        importlib.import_module("no_such_module")


@pytest.mark.slow
def test_a_component_of_our_own_has_nothing_written_beside_it(tmp_path):
    (tmp_path / "busy.py").write_text(
        "import gradio as gr\n\nclass Box(gr.Textbox):\n    is_template = True\n", "utf-8"
    )
    code = f"import app, sys\nsys.path.append({str(tmp_path)!r})\nimport busy\nprint(busy.Box('hello').value)"
    assert in_a_new_python(code) == "hello"
    assert not list(tmp_path.glob("*.pyi"))


@pytest.mark.slow
def test_a_cache_of_gradios_still_knows_tables_of_pandas():
    code = """
import app, gradio.caching as caching, sys
assert "pandas" not in sys.modules
import pandas
tables = [pandas.DataFrame({"a": [1, 2]}), pandas.DataFrame({"a": [1, 3]}), pandas.Series([1, 2])]
print(len({caching.cache_hash(table) for table in tables}), caching._estimate_size(tables[0]) > 0)
"""
    assert in_a_new_python(code) == "3 True"


@pytest.mark.slow
def test_a_component_keeps_what_it_was_made_of():
    code = """
import app, gradio as gr
box = gr.Textbox("hello", lines=3, label="Greeting")
print(box.constructor_args == {"value": "hello", "lines": 3, "label": "Greeting"}, gr.Slider(1, 9, 5).maximum)
"""
    assert in_a_new_python(code) == "True 9"


def test_a_visitor_costs_no_list_of_all_components_and_has_states_of_her_own():
    if not gr.__version__.startswith("6.31."):
        pytest.skip("written for Gradio 6.31")
    code = """
from tabs.page.opening import sooner
import gradio as gr
with gr.Blocks() as blocks:
    state, box = gr.State([]), gr.Textbox("here")
from gradio.state_holder import SessionState
one, other = SessionState(blocks), SessionState(blocks)
one[state._id].append(1)
one[box._id] = gr.Textbox("there")
one._update_value_in_config(box._id, "everywhere")
print(len(other.config_values), other[state._id], other[box._id].value, one[box._id].value, len(one.config_values))
"""
    assert in_a_new_python(code) == "0 [] here there 1"
