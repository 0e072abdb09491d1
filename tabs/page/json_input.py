"""JSON inputs of endpoints that tell scripts and agents what they take; a gr.JSON tells that it takes anything."""

from __future__ import annotations

from typing import Any

import gradio as gr


class JsonInput(gr.JSON):
    """A hidden gr.JSON with a schema of its own."""

    def __init__(self, schema: dict[str, Any], visible: bool = False) -> None:
        """Gradio tells the page what it finds among these arguments, so `visible` is one of them."""
        self.schema = schema
        super().__init__(visible=visible)

    def get_block_name(self) -> str:
        """What the page draws it with."""
        return "json"

    def api_info(self) -> dict[str, Any]:
        """Its JSON schema."""
        return self.schema


def json_object() -> JsonInput:
    """Settings: names and values."""
    return JsonInput({"type": "object", "additionalProperties": {}})


def json_texts() -> JsonInput:
    """A list of texts, or nothing."""
    return JsonInput({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]})
