"""For all tests: what others do on this machine must not change how a training computes, and so what it ends with."""

import gc
import os

os.environ.setdefault("AIGC_CORES", "1")


def pytest_collection_finish():
    """What the imports made stays anyhow: garbage, which each model that is freed looks for, is sought beside it."""
    gc.collect()
    gc.freeze()
