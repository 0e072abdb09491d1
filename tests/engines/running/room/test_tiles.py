"""The board of a room and its summary: best first, and nothing of uploads that are not shown."""

import csv
import io
import zipfile

import pytest

from engines.gan_training.config import GanConfig
from engines.running.events import Metrics, Progress, Samples
from engines.running.room.summary import write_summary
from engines.running.room.tiles import score_of, shown_step, thumb, tiles
from engines.running.runs import Runs
from tests.fakes import full_board, pictures, wait_until


def training(distance, value=100):
    def events(folder):
        yield Metrics(5, {"Fréchet distance": distance, "Diversity": 1.0}, "scores")
        yield Samples(5, pictures(value=value))
        yield Progress(5, 5)

    return events


@pytest.fixture
def runs():
    made = Runs()
    room = made.rooms.open("teacher", "=Ms Gauss")
    for owner, name, config, distance in (
        ("ann", "Ann", GanConfig(dataset="mnist"), 30.0),
        ("bob", "Bob", GanConfig(dataset="mnist"), 20.0),
        ("cem", "Cem", GanConfig(), 1.0),
        ("dan", "Dan", GanConfig(dataset="own"), 5.0),
        ("teacher", "=Ms Gauss", GanConfig(dataset="mnist"), 25.0),
    ):
        made.rooms.join(room.code, owner, name)
        made.start("gan_training", config, training(distance), owner)
    made.start("gan_training", GanConfig(), training(0.0), "outsider")
    wait_until(lambda: made.count_live() == 0, 20)
    return made


def order(runs):
    return [tile.name for tile in tiles(runs, runs.rooms.of("teacher"))]


def test_best_first_within_what_can_be_compared(runs):
    assert order(runs) == ["Bob", "=Ms Gauss", "Ann", "Cem", "Dan"]


def test_nobody_elses_upload_is_shown_unless_they_say_so(runs):
    (dans,) = [tile for tile in tiles(runs, runs.rooms.of("dan")) if tile.name == "Dan"]
    assert dans.hidden
    assert dans.score.value == 5.0
    runs.rooms.share("dan", True)
    assert not any(tile.hidden for tile in tiles(runs, runs.rooms.of("dan")))


def test_who_is_taken_out_is_not_on_the_board_any_more(runs):
    runs.rooms.remove("teacher", "Bob")
    assert order(runs)[0] == "=Ms Gauss"
    assert "Bob" not in order(runs)


def test_a_run_of_before_one_joined_is_not_the_rooms():
    runs = Runs()
    runs.start("gan_training", GanConfig(), training(1.0), "ann")
    wait_until(lambda: runs.count_live() == 0)
    room = runs.rooms.open("ann", "Ann")
    assert tiles(runs, room) == []


def test_a_tile_has_the_latest_picture_small():
    board = full_board()
    assert shown_step(board) == 30
    assert thumb(board).open().size == (192, 192)
    assert score_of(board).column == "Fréchet distance"


def test_the_summary_is_a_table_and_pictures_that_any_program_opens(runs, tmp_path):
    write_summary(runs, runs.rooms.of("teacher"), tmp_path / "room.zip")
    with zipfile.ZipFile(tmp_path / "room.zip") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("summary.csv").decode("utf-8-sig"))))
        assert [row["name"] for row in rows] == ["Bob", "'=Ms Gauss", "Ann", "Cem", "Dan"], "no formula"
        assert (rows[0]["score"], rows[0]["data"], rows[0]["file"]) == ("20.0", "MNIST", "pictures/001.png")
        assert rows[4]["file"] == "", "of an upload there is no picture"
        files = (f"pictures/{place:03d}.png" for place in range(1, 5))
        assert set(archive.namelist()) == {"summary.csv", "people.txt", *files}
