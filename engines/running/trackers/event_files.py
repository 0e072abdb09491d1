"""TensorBoard's event files, by its own package: scalars, grids, texts, and the settings as hyperparameters."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from engines.data.grids import Picture
from engines.running.board import Board
from engines.running.trackers.tracker import About, retell

FLUSH_SECONDS = 5


class EventFiles:
    """A Tracker that writes into `folder`, made for it; a run that goes on later adds a file."""

    def __init__(self, about: About, folder: Path) -> None:
        from tensorboard.plugins.hparams.plugin_data_pb2 import SessionStartInfo
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        folder.mkdir(parents=True, exist_ok=True)
        self._writer = EventFileWriter(str(folder), flush_secs=FLUSH_SECONDS)
        begin = SessionStartInfo(group_name=about.id, start_time_secs=about.started)
        for name, value in about.config.items():
            if isinstance(value, bool):
                begin.hparams[name].bool_value = value
            elif isinstance(value, (int, float)):
                begin.hparams[name].number_value = value
            else:
                begin.hparams[name].string_value = str(value)
        self._add(0, about.started, summary=_of_session("SESSION_START_INFO_TAG", session_start_info=begin))

    def scalars(self, step: int, values: Mapping[str, float], when: float) -> None:
        """See Tracker."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        numbers = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._add(step, when, summary=Summary(value=numbers))

    def picture(self, step: int, name: str, picture: Picture, when: float) -> None:
        """See Tracker."""
        from tensorboard.compat.proto.summary_pb2 import Summary

        width, height = picture.open().size
        image = Summary.Image(width=width, height=height, colorspace=3, encoded_image_string=picture.data)
        self._add(step, when, summary=Summary(value=[Summary.Value(tag=name, image=image)]))

    def text(self, step: int, name: str, text: str, when: float) -> None:
        """See Tracker."""
        from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
        from tensorboard.compat.proto.tensor_pb2 import TensorProto
        from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
        from tensorboard.compat.proto.types_pb2 import DT_STRING

        kind = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        tensor = TensorProto(dtype=DT_STRING, string_val=[text.encode()], tensor_shape=shape)
        self._add(step, when, summary=Summary(value=[Summary.Value(tag=name, metadata=kind, tensor=tensor)]))

    def rewind(self, step: int, when: float) -> None:
        """See Tracker: readers forget what comes after the step of such a mark."""
        from tensorboard.compat.proto.event_pb2 import SessionLog

        self._add(step + 1, when, session_log=SessionLog(status=SessionLog.START))

    def close(self, state: str) -> None:
        """See Tracker."""
        from tensorboard.plugins.hparams.api_pb2 import Status
        from tensorboard.plugins.hparams.plugin_data_pb2 import SessionEndInfo

        now, ends = time.time(), {"finished": "STATUS_SUCCESS", "failed": "STATUS_FAILURE"}
        end = SessionEndInfo(status=Status.Value(ends.get(state, "STATUS_UNKNOWN")), end_time_secs=now)
        self._add(0, now, summary=_of_session("SESSION_END_INFO_TAG", session_end_info=end))
        self._writer.close()

    def _add(self, step: int, when: float, **content: object) -> None:
        self._writer.add_event(_event(step=step, wall_time=when, **content))


def _of_session(tag: str, **info: object) -> object:
    """A summary for TensorBoard's page of hyperparameters. Its own helper for it needs TensorFlow."""
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    kind = metadata.create_summary_metadata(HParamsPluginData(**info))
    return Summary(value=[Summary.Value(tag=getattr(metadata, tag), metadata=kind, tensor=metadata.NULL_TENSOR)])


def _event(**content: object) -> object:
    from tensorboard.compat.proto.event_pb2 import Event

    return Event(**content)


def zipped(about: About, board: Board) -> bytes:
    """What is kept of a run as event files in a ZIP: unpack it, and give TensorBoard the folder as --logdir."""
    with TemporaryDirectory(prefix="aigc-playground-tensorboard-") as temporary:
        folder = Path(temporary) / f"{about.engine}-{about.id}"
        retell(EventFiles(about, folder), board)
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, f"{folder.name}/{path.name}")
    return data.getvalue()
