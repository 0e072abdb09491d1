import json
from itertools import pairwise

import pytest

from engines.messages import EngineError
from engines.running.checkpoints import drop_checkpoint
from engines.running.forks import points
from engines.running.forks.points import MOST, ROOM, Points, drop_oldest_points, points_of, take, with_config
from engines.running.run_store import CHECKPOINT
from tests.fakes import FULL_DISK


def a_checkpoint(config, numbers=b"12345678"):
    header = {"__metadata__": {"config": json.dumps(config), "memory": "{}", "computed": "{}"}}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def a_run(folder, *steps, size=8):
    folder.mkdir(exist_ok=True)
    made = Points(folder)
    for step in steps:
        made.keep(step, a_checkpoint({"lr": 1}, b"x" * size))
    return folder


def steps_of(folder):
    return [point.step for point in points_of(folder)]


def test_a_few_are_kept_spread_over_all_steps(tmp_path):
    made = Points(tmp_path)
    for step in range(1, 2001):
        if made.wanted(step, last=step == 2000):
            made.keep(step, b"x")
    steps = steps_of(tmp_path)
    assert len(steps) == MOST
    assert (steps[0], steps[-1]) == (1, 2000)
    assert max(b - a for a, b in pairwise(steps)) < 600


def test_of_a_large_training_there_are_fewer(tmp_path, monkeypatch):
    monkeypatch.setattr(points, "MOST_BYTES", 35)
    assert len(steps_of(a_run(tmp_path, 1, 2, 3, 4, 5))) == 0
    monkeypatch.setattr(points, "MOST_BYTES", 4 * len(a_checkpoint({"lr": 1})))
    assert steps_of(a_run(tmp_path, 10, 20, 30, 40, 50))[-1] == 50
    assert len(steps_of(tmp_path)) == 4


def test_a_run_that_goes_on_from_earlier_forgets_what_came_later(tmp_path):
    a_run(tmp_path, 10, 20, 30)
    Points(tmp_path).rewind(20)
    assert steps_of(tmp_path) == [10, 20]


def test_a_full_disk_ends_nothing(tmp_path, monkeypatch):
    def refuse(*_):
        raise FULL_DISK

    monkeypatch.setattr(points, "write_atomically", refuse)
    assert steps_of(a_run(tmp_path, 10)) == []


def test_a_point_becomes_the_checkpoint_of_another_config_with_the_own_data(tmp_path):
    parent, child = tmp_path / "parent", tmp_path / "child"
    (parent / CHECKPOINT).mkdir(parents=True)
    (parent / CHECKPOINT / "pictures.npz").write_bytes(b"mine")
    a_run(parent, 10)
    drop_checkpoint(parent)  # as at the end of a run
    take(parent, 10, child, {"lr": 2})
    data = (child / CHECKPOINT / "training.safetensors").read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    about = json.loads(data[8:end])["__metadata__"]
    assert json.loads(about["config"]) == {"lr": 2}
    assert "computed" not in about
    assert (end % 8, data[end:]) == (0, b"x" * 8)
    assert (child / CHECKPOINT / "pictures.npz").read_bytes() == b"mine"
    assert not (parent / CHECKPOINT).exists()


def test_a_point_that_is_gone_or_damaged_is_said(tmp_path):
    with pytest.raises(EngineError, match="not kept any more"):
        take(tmp_path, 10, tmp_path / "child", {})
    (tmp_path / ROOM).mkdir()
    (tmp_path / ROOM / "00000010.safetensors").write_bytes(b"nonsense")
    with pytest.raises(EngineError, match="is damaged"):
        take(tmp_path, 10, tmp_path / "child", {})


def test_what_torch_wrote_can_be_read_again_under_another_config(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load, save

    data = save({"w": torch.arange(3.0)}, {"config": "{}", "memory": "{}"})
    assert load(with_config(data, {"a name": "长" * 50}))["w"].tolist() == [0, 1, 2]


def test_all_together_take_a_stated_room_and_the_oldest_go_first(tmp_path):
    old, new = a_run(tmp_path / "old", 1, size=900), a_run(tmp_path / "new", 1, size=900)
    drop_oldest_points([old, new], 5000)
    assert steps_of(old) == [1]
    drop_oldest_points([old, new], 1500)
    assert (steps_of(old), steps_of(new)) == ([], [1])
