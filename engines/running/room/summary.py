"""What a teacher takes home of a room: a table of its runs, and the latest picture or texts of each, as a ZIP."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from engines.running.room.rooms import Room
from engines.running.room.tiles import Tile, data_words, thumb, tiles
from engines.running.run_files import saving
from engines.running.runs import Runs

COLUMNS = ("place", "name", "kind", "data", "state", "step", "steps", "seconds of computing", "measure", "score",
           "forked from", "settings", "file")  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for more than text


def write_summary(runs: Runs, room: Room, path: Path) -> None:
    """Write the ZIP; EngineError if the disk refuses. What was made of uploads that are not shown stays out."""
    with saving(path), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        rows = []
        for place, tile in enumerate(tiles(runs, room), 1):
            file = "" if tile.hidden else _add(archive, place, tile)
            rows.append(_row(runs, place, tile, file))
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
        archive.writestr("summary.csv", table.getvalue().encode("utf-8-sig"))
        archive.writestr("people.txt", "\n".join(member.name for member in room.present.values()) + "\n")


def _row(runs: Runs, place: int, tile: Tile, file: str) -> list[str | int | float]:
    run, score = tile.run, tile.score
    progress = run.board.progress
    settings = "; ".join(f"{name}={value}" for name, value in _changed(tile).items())
    origin = f"{run.origin.parent} at step {run.origin.step}" if run.origin else ""
    title = runs.title(run.engine)
    return [
        place, _plain(tile.name), title, data_words(run), run.board.state, progress.step if progress else 0,
        getattr(run.config, "steps", 0), round(run.computed_seconds, 1), score.column if score else "",
        round(score.value, 5) if score else "", origin, _plain(settings), file,
    ]  # fmt: skip


def _changed(tile: Tile) -> dict[str, object]:
    """The settings that are not the defaults, uploads and drawings left out."""
    config, knobs = tile.run.config, tile.run.config.knobs()
    values = {name: getattr(config, name) for name in knobs if name != "drawing"}
    return {name: value for name, value in values.items() if value != knobs[name].default}


def _add(archive: zipfile.ZipFile, place: int, tile: Tile) -> str:
    """What the run made last as a file; returns its name, "" if it made nothing yet."""
    board = tile.run.board
    if board.writings.newest:
        name = f"texts/{place:03d}.txt"
        archive.writestr(name, "\n\n".join(board.writings.newest.texts))
        return name
    frames = board.frames()
    picture = frames[-1].picture if frames else thumb(board)
    if picture is None:
        return ""
    name = f"pictures/{place:03d}{picture.suffix}"
    archive.writestr(name, picture.data)
    return name


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
