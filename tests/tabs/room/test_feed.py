"""What a room's board tells who has its code, over the network."""

import json
import urllib.error
import urllib.request

import pytest

from engines.gan_training.config import GanConfig
from engines.running.runs import Runs
from tests.engines.running.room.test_tiles import training
from tests.fakes import wait_until
from tests.served import served


@pytest.fixture(scope="module")
def runs():
    made = Runs()
    room = made.rooms.open("teacher", "Ms Gauss")
    for owner, name, data in (("ann", "<img src=x onerror=alert(1)>"[:24], "mnist"), ("dan", "Dan", "own")):
        made.rooms.join(room.code, owner, name)
        made.start("gan_training", GanConfig(dataset=data), training(5.0), owner)
    wait_until(lambda: made.count_live() == 0, 20)
    return made


@pytest.fixture(scope="module")
def url(runs):
    with served(runs=runs, only=("room",)) as (address, _):
        yield address


def get(address):
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as problem:
        return problem.code, b"", problem.headers


def test_the_board_is_told_once_a_version(url, runs):
    code = runs.rooms.of("teacher").code
    status, data, headers = get(f"{url}room/{code}")
    board = json.loads(data)
    assert (status, board["code"], board["frozen"]) == (200, code, False)
    assert int(headers["Look-Again"]) >= 1500
    assert board["people"][0] == "Ms Gauss"
    assert get(f"{url}room/{code}?since={board['cursor']}")[0] == 204
    runs.rooms.freeze("teacher", True)

    def frozen():
        status, data, _ = get(f"{url}room/{code}?since={board['cursor']}")
        return status == 200 and json.loads(data)["frozen"]

    wait_until(frozen, 10)
    assert get(f"{url}room/AAAAAA")[0] == 410


def test_a_tile_has_a_picture_and_one_of_an_upload_has_neither_that_nor_a_way_to_it(url, runs):
    code = runs.rooms.of("teacher").code
    tiles = {tile["name"]: tile for tile in json.loads(get(f"{url}room/{code}")[1])["tiles"]}
    dans = tiles.pop("Dan")
    (anns,) = tiles.values()
    status, data, headers = get(f"{url}room/{code}/{anns['run']}/{anns['picture']}")
    assert (status, headers["Content-Type"], data[:2]) == (200, "image/jpeg", b"\xff\xd8")
    assert (dans["run"], dans["picture"], dans["line"], dans["hidden"]) == ("", None, "", True)
    (secret,) = [run.id for run in runs.all_of("dan")]
    assert get(f"{url}room/{code}/{secret}/5")[0] == 410
    assert get(f"{url}room/{code}/nothing/5")[0] == 410
