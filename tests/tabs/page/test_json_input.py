import gradio as gr

from tabs.page.json_input import json_object, json_texts


def test_scripts_are_told_what_it_takes_and_the_page_shows_nothing():
    with gr.Blocks() as demo:
        settings, texts = json_object(), json_texts()
        gr.Button(visible=False).click(lambda settings, texts: None, [settings, texts], None, api_name="go")
    parameters = demo.get_api_info()["named_endpoints"]["/go"]["parameters"]
    assert parameters[0]["type"] == {"type": "object", "additionalProperties": {}}
    assert parameters[1]["type"]["anyOf"][0] == {"type": "array", "items": {"type": "string"}}
    for component in demo.config["components"]:
        if component["id"] in (settings._id, texts._id):
            assert component["type"] == "json"
            assert component["props"]["visible"] is False
