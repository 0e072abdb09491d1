"""For all tests: what others do on this machine must not change how a training computes, and so what it ends with."""

import os

os.environ.setdefault("AIGC_CORES", "1")
