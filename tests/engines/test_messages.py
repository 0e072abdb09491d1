import json

import pytest

from engines.messages import Message, listed


def test_a_message_is_its_english_and_remembers_its_parts():
    message = Message("{count} pictures of {what}", count=3, what=Message("cats"))
    assert message == "3 pictures of cats"
    assert message.template == "{count} pictures of {what}"


def test_a_message_survives_json():
    message = Message("{a}: {b}", a=1.5, b=Message("{c}!", c="x"))
    again = Message.from_json(json.loads(json.dumps(message.to_json())))
    assert again == message
    assert again.values["b"].template == "{c}!"


@pytest.mark.parametrize(
    "data",
    [
        {"template": "{a.__class__}", "values": {"a": 1}},
        {"template": "{a[0]}", "values": {"a": "x"}},
        {"template": "{a:999999999}", "values": {"a": 1}},
        {"template": "{a!r}", "values": {"a": 1}},
        {"template": "{}", "values": {}},
        {"template": "{missing}", "values": {"a": 1}},
        {"template": "x" * 5000, "values": {}},
        {"template": None, "values": {}},
        {"template": "x"},
        "text",
        None,
    ],
)
def test_a_hostile_template_is_refused(data):
    with pytest.raises(ValueError, match=r"not a|must|unmatched|Single|bad"):
        Message.from_json(data)


def test_what_is_listed_is_still_translated_piece_by_piece():
    told = listed([Message("{who}: {what}", who="A", what=Message("GAN")), "B {x}"]).to_json()
    assert told["values"]["before"] == Message("{who}: {what}", who="A", what=Message("GAN")).to_json()
    assert told["values"]["next"] == {"template": "B {x}", "values": {}}
    assert listed([]) == ""
