"""What a part of the page shows first is asked for once, in whatever order a visitor presses and the page arrives."""

import gradio as gr
import pytest

from tabs.page.opening.once import Opening, opens


@pytest.fixture
def page():
    """A tab with two parts, and what a press on it is given and changes."""
    with gr.Blocks() as blocks:
        visit = gr.State(None)
        first, second = Opening(), Opening()
        with gr.Tabs(), gr.Tab("both") as place:
            opens(place, visit, [first, second])
        for opening in (first, second):
            opening.then(lambda: None)
    return blocks, first, second


def press(blocks, *values):
    """What the press makes of the visit, and of whether the two parts were opened."""
    return next(fn for fn in blocks.fns.values() if fn.targets[0][1] == "select").fn(*values)


def test_the_first_part_opens_unless_another_did(page):
    blocks, *_ = page
    assert press(blocks, {}, False, False) == (True, True)
    assert press(blocks, {}, True, False) == (True, True), "it stays open"
    assert press(blocks, {}, False, True) == (True, False), "a link opened the second"


def test_a_press_before_the_visitor_is_known_is_remembered(page):
    blocks, first, _ = page
    assert press(blocks, None, False, False) == (True, False)
    select = next(fn for fn in blocks.fns.values() if fn.targets[0][1] == "select")
    assert [block._id for block in select.outputs] == [first.pressed._id, first.done._id]
