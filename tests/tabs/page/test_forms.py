import gradio as gr
import pytest

from engines.messages import ConfigError
from tabs.page.forms import Form
from tests.fakes import FakeConfig


@pytest.fixture
def form():
    with gr.Blocks():
        form = Form(FakeConfig, "fake")
        form.add(["mode", "steps"])
        form.add_rest()
    return form


def test_every_knob_has_the_widget_its_kind_asks_for(form):
    kinds = {name: type(form[name]) for name in FakeConfig.knobs()}
    assert kinds == {
        "steps": gr.Slider, "rate": gr.Number, "mode": gr.Radio, "size": gr.Radio, "name": gr.Textbox,
        "loud": gr.Checkbox, "seed": gr.Number,
    }  # fmt: skip
    assert (form["steps"].minimum, form["steps"].maximum) == (1, 1_000_000)
    assert len(form.widgets) == len(FakeConfig.knobs())


def test_widget_values_become_a_checked_config_whatever_their_order(form):
    values = form.show({"steps": 7, "mode": "b"})
    config = form.read(values)
    assert (config.steps, config.mode, config.rate) == (7, "b", 0.1)
    values[1] = float("nan")
    with pytest.raises(ConfigError, match="Steps must be"):
        form.read(values)
