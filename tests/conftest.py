"""For all tests: what others do on this machine must not change how a training computes, and so what it ends with."""

import contextlib
import ctypes
import gc
import os
from pathlib import Path

import pytest

os.environ.setdefault("AIGC_CORES", "1")

# The files whose tests take minutes, the longest first, so that several processes end at about the same time.
LONGEST = ("test_page_process.py", "test_kill.py", "engines/gan_training/test_engine.py",
           "engines/text_generation/test_real.py", "engines/finetuning/test_real.py", "test_hostile.py",
           "test_newcomer.py", "engines/diffusion_training/test_engine.py")  # fmt: skip

MUCH = 2 << 30  # bytes in memory


def pytest_collection_modifyitems(items):
    place = {f"tests/{name}": at for at, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.location[0], len(place)))


@pytest.fixture(autouse=True, scope="session")
def uploads_are_our_own(tmp_path_factory):
    """Gradio keeps an upload under what is in it, and an app that ends takes away its own: also of another process."""
    os.environ["GRADIO_TEMP_DIR"] = str(tmp_path_factory.mktemp("gradio"))


@pytest.fixture(autouse=True, scope="module")
def garbage_is_sought_in_what_is_new():
    """What imports and earlier files left stays anyhow; each model that is freed would look through all of it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def freed_memory_is_given_back():
    """glibc keeps what lies below a block in use: after some trainings one process of tests held 14 GB that way."""
    yield
    with contextlib.suppress(OSError, AttributeError, ValueError):  # another system or C library
        if int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") > MUCH:
            ctypes.CDLL(None).malloc_trim(0)
