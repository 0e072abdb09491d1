"""A file that was taken away between its upload and its use is said to be gone, at every door."""

from pathlib import Path

import pytest

from engines.data.tables.reading import read_table
from engines.data.text_scores import read_pairs
from engines.data.uploads import read_uploads, size_of
from engines.gpt_training.text.own import read_own
from engines.image_generation.picture_files import read_picture
from engines.image_generation.told.reading import read_settings
from engines.messages import EngineError
from engines.running.run_files import load_run

DOORS = {
    "table.csv": read_table,
    "pairs.csv": read_pairs,
    "pictures.zip": lambda path: read_uploads([path], 32),
    "one.png": lambda path: read_uploads([path], 32),
    "book.txt": lambda path: read_own([path]),
    "start.png": read_picture,
    "settings.png": read_settings,
    "run.zip": load_run,
}


def test_how_large_a_file_is(tmp_path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert size_of(tmp_path / "a") == size_of(str(tmp_path / "a")) == 3


@pytest.mark.parametrize("name", DOORS)
def test_a_file_that_is_gone_is_said_to_be_gone(tmp_path: Path, name: str) -> None:
    with pytest.raises(EngineError, match="is not kept any more; upload it again"):
        DOORS[name](tmp_path / name)
