"""Words and pictures from a script, over the endpoints."""

import pytest
from gradio_client import Client, handle_file
from PIL import Image

from engines.clip_training.pairs import load
from engines.messages import ConfigError
from engines.running.board import ENDED_STATES
from tabs.image_generation.matching.actions import MOST_CLASSES, class_names
from tests.engines.clip_training.tiny import TINY
from tests.fakes import wait_until
from tests.served import served


@pytest.fixture(scope="module")
def client():
    with served(only=("clip_training",)) as (url, _):
        yield Client(url, verbose=False)


@pytest.mark.slow
def test_the_example_answers_before_there_is_a_run(client):
    for text in ("dog face", "狗头"):
        found = client.predict(text=text, api_name="/clip_search")
        assert len(found["found"]) == 12
        assert {"en", "zh", "similarity", "held_out"} == set(found["found"][0])
    assert any("dog" in hit["en"] for hit in client.predict(text="dog", count=3, api_name="/clip_search")["found"])


@pytest.mark.slow
def test_a_script_trains_looks_and_sorts_pictures(client, tmp_path):
    started = client.predict(settings=TINY | {"steps": 20}, owner="", api_name="/clip_start")
    run = started["run"]
    wait_until(lambda: client.predict(run=run, api_name="/clip_status")["state"] in ENDED_STATES, 120)
    assert client.predict(run=run, api_name="/clip_status")["state"] == "finished"
    files = []
    for place, image in enumerate(load().images[:2]):
        Image.fromarray(image).save(tmp_path / f"{place}.png")
        files.append(handle_file(tmp_path / f"{place}.png"))
    told = client.predict(files, "dog\n苹果", run, False, api_name="/clip_sort")
    assert [list(shares) for shares in told["shares"]] == [["dog", "苹果"]] * 2
    assert all(sum(shares.values()) == pytest.approx(1, abs=1e-3) for shares in told["shares"])
    ranked = client.predict(files, load().names[0][load().emoji[1]], "", False, api_name="/clip_rank")
    assert ranked["order"] == [1, 0]
    assert ranked["similarities"] == sorted(ranked["similarities"], reverse=True)
    path = client.predict(run, api_name="/clip_run_file")
    assert path.endswith(".zip")


@pytest.mark.parametrize(("text", "said"), [("", "Write what to search for"), ("qwrtz", "No name of an emoji")])
def test_words_that_cannot_be_searched_are_answered_in_one_sentence(client, text, said):
    with pytest.raises(Exception, match=said):
        client.predict(text=text, api_name="/clip_search")


def test_classes_are_two_or_more_different_lines():
    assert class_names(" dog \n\n猫\ndog") == ["dog", "猫"]
    for text in ("dog", "", "\n".join(map(str, range(MOST_CLASSES + 1))), None):
        with pytest.raises(ConfigError, match="one a line"):
            class_names(text)
