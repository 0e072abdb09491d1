"""With the real packages: what their own readers find of a run."""

import sqlite3
import threading
import time
import zipfile
from io import BytesIO

import pytest

from engines.messages import EngineError
from engines.running.board import Board
from engines.running.events import Metrics, Resumed, Samples, Written
from engines.running.runs import Runs
from engines.running.trackers import tracking
from engines.running.trackers.event_files import EventFiles, zipped
from engines.running.trackers.tracker import About, tell
from engines.running.trackers.tracking import Tracking, event_files, parse
from tests.fakes import FULL_DISK, FakeConfig, counting, full_board, pictures, wait_until

ABOUT = About("abc123def", "fake", FakeConfig(seed=7).to_dict(), 1_700_000_000.0)


@pytest.fixture(autouse=True)
def own_places(monkeypatch, tmp_path):
    """Nothing of these tests goes where a person's own runs are."""
    for name in ("WANDB_MODE", "WANDB_API_KEY", "TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)


def read(folder):
    """What TensorBoard's own reader finds in a folder."""
    module = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = module.EventAccumulator(str(folder), size_guidance={"images": 0, "tensors": 0, "scalars": 0})
    return found.Reload()


def test_tensorboards_own_reader_finds_curves_grids_texts_and_settings_of_an_ended_run(tmp_path):
    pytest.importorskip("tensorboard")
    with zipfile.ZipFile(BytesIO(event_files(ABOUT, full_board()))) as archive:
        archive.extractall(tmp_path)
    found = read(tmp_path / "fake-abc123def")
    losses = found.Scalars("losses/Loss_G")
    assert [(one.step, one.value) for one in losses][:3] == [(1, 1.0), (2, 2.0), (3, 3.0)]
    assert len(found.Images("samples")) == 30
    assert found.Images("samples")[0].encoded_image_string.startswith(b"\x89PNG")
    assert found.Tensors("written")[0].tensor_proto.string_val[0].decode() == "春10，\n\nb"
    assert found.PluginTagToContent("text") == {"written": b""}
    told = found.PluginTagToContent("hparams")
    assert set(told) == {"_hparams_/session_start_info", "_hparams_/session_end_info"}
    from tensorboard.plugins.hparams.metadata import parse_session_start_info_plugin_data

    settings = parse_session_start_info_plugin_data(told["_hparams_/session_start_info"]).hparams
    assert settings["seed"].number_value == 7
    assert settings["mode"].string_value == "a"
    assert settings["loud"].bool_value is False


def test_its_reader_forgets_what_came_after_the_step_from_which_a_run_goes_on(tmp_path):
    pytest.importorskip("tensorboard")
    tracker = EventFiles(ABOUT, tmp_path)
    for event in (*(Metrics(step, {"Loss": step}) for step in (1, 2, 3)), Resumed(1), Metrics(2, {"Loss": 20.0})):
        tell(tracker, event, 1_700_000_000.0)
    tracker.close("finished")
    assert [(one.step, one.value) for one in read(tmp_path).Scalars("losses/Loss")] == [(1, 1.0), (2, 20.0)]


def run_with(names, folder, steps=5, gate=None):
    """A run that was told of to these trackers, once it has ended."""
    runs = Runs(tracking=Tracking(names, folder))
    run = runs.start("fake", FakeConfig(steps=steps), lambda own: counting(steps, gate), "ann")
    run.thread.join(60)
    return run


def test_a_run_is_told_of_as_it_goes(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    monkeypatch.setattr("engines.running.trackers.event_files.FLUSH_SECONDS", 0.05)
    gate = threading.Semaphore(3)
    runs = Runs(tracking=Tracking(("tensorboard",), tmp_path))
    run = runs.start("fake", FakeConfig(steps=5), lambda own: counting(5, gate), "ann")
    folder = tmp_path / "tensorboard" / f"fake-{run.id}"

    def told():
        return folder.is_dir() and "losses/Loss_D" in read(folder).Tags()["scalars"]

    wait_until(told, 30)
    assert not run.board.ended
    for _ in range(5):
        gate.release()
    run.thread.join(30)
    assert [one.step for one in read(folder).Scalars("losses/Loss_D")] == [1, 2, 3, 4, 5]
    assert len(read(folder).Images("samples")) == 1


@pytest.mark.slow
def test_weights_and_biases_keeps_it_offline(tmp_path):
    pytest.importorskip("wandb")
    run = run_with(("wandb",), tmp_path)
    assert run.board.state == "finished"
    assert not [caption for group, caption in run.board.captions.items() if "tracking" in group]
    (kept,) = (tmp_path / "wandb").glob(f"offline-run-*-{run.id}/run-{run.id}.wandb")
    config, rows = {}, []
    for record in records(kept.read_bytes()):
        config |= {item.key: item.value_json for item in record.run.config.update}
        rows.append({item.key or "/".join(item.nested_key): item.value_json for item in record.history.item})
    assert config["steps"] == "5"
    told = [(float(row["step"]), float(row["losses/Loss_D"])) for row in rows if "losses/Loss_D" in row]
    assert told == [(step, pytest.approx(1 / step)) for step in range(1, 6)]
    assert any("samples" in key for row in rows for key in row)


def records(data):
    """What a .wandb file holds: records in the log format of LevelDB, after a header of seven bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    at, parts = 7, b""
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:  # no record begins at the end of a block
            at += 32768 - at % 32768
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        parts += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield Record.FromString(parts)
            parts = b""


@pytest.mark.slow
def test_trackio_keeps_it_in_its_local_store(tmp_path, monkeypatch):
    pytest.importorskip("trackio")
    import trackio.sqlite_storage
    import trackio.utils

    for module in (trackio.sqlite_storage, trackio.utils):
        monkeypatch.setattr(module, "TRACKIO_DIR", tmp_path / "store", raising=False)
    run = run_with(("trackio",), tmp_path)
    assert run.board.state == "finished"
    assert not [caption for group, caption in run.board.captions.items() if "tracking" in group]
    (kept,) = tmp_path.rglob("aigc-playground.db")
    with sqlite3.connect(kept) as store:
        rows = store.execute("select step, metrics from metrics order by step").fetchall()
    assert any(
        step == 2 and b"losses/Loss_D" in (row if isinstance(row, bytes) else row.encode()) for step, row in rows
    )


# --- what goes wrong ------------------------------------------------------------------------------------------------


def test_unknown_and_missing_trackers_are_named():
    assert parse("") == ()
    with pytest.raises(EngineError, match="no tracker called 'mlflow'; there are tensorboard, wandb, trackio"):
        parse("mlflow")


def test_a_tracker_that_is_not_installed_is_said_with_what_to_install(monkeypatch):
    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match=r"Trackio is not installed here: pip install trackio\."):
        parse("trackio")
    with pytest.raises(EngineError, match="TensorBoard is not installed"):
        event_files(ABOUT, full_board())


class Broken:
    """A tracker that raises, hangs or dies."""

    def __init__(self, problem=None, gate=None):
        self.problem, self.gate = problem, gate

    def scalars(self, step, values, when):
        if self.gate:
            self.gate.wait()
        raise self.problem

    def picture(self, *args):
        pass

    text = rewind = picture

    def close(self, state):
        pass


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (FULL_DISK, "Trackio gets nothing of this run any more: No space left on device. The run goes on."),
        (ConnectionError(), "Trackio gets nothing of this run any more: ConnectionError. The run goes on."),
        (AttributeError("no log"), "the version installed here works in another way (AttributeError)"),
        (RuntimeError("key expired"), "RuntimeError: key expired. The run goes on."),
        (SystemExit(1), "The run goes on."),
    ],
)
def test_a_tracker_that_fails_costs_one_sentence_and_the_run_goes_on(tmp_path, monkeypatch, problem, says):
    kind = tracking.Kind("Trackio", "trackio", lambda about, folder: Broken(problem))
    monkeypatch.setattr(tracking, "KINDS", {"trackio": kind})
    run = run_with(("trackio",), tmp_path, steps=50)
    assert run.board.state == "finished"
    assert run.board.progress.step == 50
    (said,) = [str(caption) for group, caption in run.board.captions.items() if "tracking" in group]
    assert says in said


def test_no_place_to_write_is_one_sentence(tmp_path):
    (tmp_path / "tensorboard").write_text("a file where a folder should be")
    run = run_with(("tensorboard",), tmp_path)
    assert run.board.state == "finished"
    assert any("TensorBoard gets nothing of this run any more" in caption for caption in run.board.captions.values())


def test_a_tracker_that_hangs_does_not_hold_up_the_run(tmp_path, monkeypatch):
    gate = threading.Event()
    kind = tracking.Kind("Trackio", "trackio", lambda about, folder: Broken(RuntimeError(), gate))
    monkeypatch.setattr(tracking, "KINDS", {"trackio": kind})
    monkeypatch.setattr(tracking, "END_SECONDS", 0.2)
    monkeypatch.setattr(tracking, "WAITING", 3)
    began = time.monotonic()
    run = run_with(("trackio",), tmp_path, steps=50)
    gate.set()
    assert time.monotonic() - began < 10
    assert run.board.state == "finished"
    assert any("too slow to take everything" in caption for caption in run.board.captions.values())


def test_pictures_are_told_now_and_then_only(tmp_path, monkeypatch):
    told = []

    class Noting(Broken):
        def scalars(self, step, values, when):
            told.append(step)

        def picture(self, step, name, picture, when):
            told.append(name)

        def text(self, step, name, text, when):
            told.append(text)

    monkeypatch.setattr(tracking, "KINDS", {"x": tracking.Kind("X", "x", lambda about, folder: Noting())})
    watch = Tracking(("x",), tmp_path).watch(ABOUT)
    for step in range(5):
        assert watch.tell(Samples(step, pictures())) == []
        watch.tell(Written(step, ("a", "b")))
        watch.tell(Metrics(step, {"Loss": 1.0}))
        watch.tell(Metrics(step, {"Loss": float("nan")}))
    assert watch.close("finished") == []
    assert told == ["samples", "a\n\nb", 0, 1, 2, 3, 4]


def test_an_empty_run_can_be_taken_home_too():
    pytest.importorskip("tensorboard")
    assert zipped(ABOUT, Board("fake", FakeConfig().to_dict()))
