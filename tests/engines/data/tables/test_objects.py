"""JSON in every shape that programs write becomes rows, of which none takes its neighbours along."""

from __future__ import annotations

import json

import pytest

from engines.data.tables.reading import read_pasted
from engines.messages import EngineError

ROWS = [(f"text {i}", "ab"[i % 2]) for i in range(12)]
OBJECTS = [{"text": "a\u2028b\u0085", "label": 1}, {"text": "c", "label": True}, {"text": None, "label": 0.10}]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(json.dumps(one, ensure_ascii=False) for one in OBJECTS),
        json.dumps(OBJECTS, ensure_ascii=False),
        json.dumps(OBJECTS, indent=2),
        json.dumps({"data": OBJECTS}),
        json.dumps({name: [one[name] for one in OBJECTS] for name in ("text", "label")}),
        json.dumps({name: {str(i): one[name] for i, one in enumerate(OBJECTS)} for name in ("text", "label")}),
        json.dumps([["text", "label"], *(list(one.values()) for one in OBJECTS)]),
        "\n".join(json.dumps(one, indent=1) for one in OBJECTS),
    ],
)
def test_every_shape_of_json_is_a_table(text: str) -> None:
    table = read_pasted(text, "it")
    assert table.columns == ("text", "label")
    assert table.rows == (("a\u2028b\u0085", "1"), ("c", "true"), ("", "0.1"))


@pytest.mark.parametrize("text", ['["good", "so so", "bad"]', '[\n  "good",\n  "so so",\n  "bad"\n]\n'])
def test_an_array_of_texts_is_a_column(text: str) -> None:
    assert read_pasted(text, "it").rows == (("good",), ("so so",), ("bad",))


def test_numbers_keep_their_digits() -> None:
    assert read_pasted('[{"a": 12345678901234567890123, "b": 1.50}]', "it").rows == (
        ("12345678901234567890123", "1.50"),
    )


def test_a_broken_line_of_json_takes_no_neighbour_along() -> None:
    table = read_pasted('{"a": 1}\n{"a": 2\n{"a": 3}\n', "it")
    assert (table.rows, set(table.odd)) == ((("1",), ("",), ("3",)), {1})


@pytest.mark.parametrize("text", [json.dumps(ROWS), "\n".join(map(json.dumps, ROWS)), json.dumps(ROWS, indent=1)])
def test_arrays_without_names_lose_no_row(text: str) -> None:
    table = read_pasted(text, "it")
    assert (table.columns, table.rows) == (("Column 1", "Column 2"), tuple(ROWS))
    assert "taken for data" in " ".join(table.notes)


def test_lists_and_objects_are_told_where_others_are_texts_and_keep_their_rows() -> None:
    rows = [{"text": "a", "label": ["x"]}, {"text": "b", "label": []}, {"text": "c", "label": ["x", "y"]},
            {"text": "d", "label": {"x": True}}, {"text": "e", "label": "x"}]  # fmt: skip
    table = read_pasted("\n".join(map(json.dumps, rows)), "it")
    assert [row[1] for row in table.rows] == ["x", "", '["x", "y"]', '{"x": true}', "x"]
    assert list(table.odd) == [2, 3]
    assert "Line 3: the field label holds a list or an object" in str(table.odd[2])
    with pytest.raises(EngineError, match="the field messages holds a list"):
        read_pasted("\n".join([json.dumps({"messages": [{"role": "user"}]})] * 9), "it")


def test_arrays_of_other_lengths_are_told() -> None:
    table = read_pasted(json.dumps([("text", "label"), *ROWS, ["x"], ["x", "y", "z"], 5]), "it")
    assert [str(why) for why in table.odd.values()] == [
        "number of cells: 1, not 2", "number of cells: 3, not 2",
        "Line 1 is not a JSON object; each line must hold one, with fields such as text and label.",
    ]  # fmt: skip
    assert table.rows[:12] == tuple(ROWS)
