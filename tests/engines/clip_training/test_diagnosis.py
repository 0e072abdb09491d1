"""The verdicts, with numbers as runs of the presets gave them."""

import pytest

from engines.clip_training.config import PRESETS, ClipConfig
from engines.clip_training.diagnosis import Doctor, Exam

SEEN = {  # state -> (preset, what was measured)
    "early": ("default", Exam(10, 4.8, 4.85, 0.07)),
    "learning": ("default", Exam(120, 2.56, 4.85, 0.066, 0.14, 0.14, 0.39)),
    "healthy": ("default", Exam(600, 0.39, 4.85, 0.038, 0.82, 0.24, 0.48)),
    "by_heart": ("by_heart", Exam(300, 0.0, 4.16, 0.059, 1.0, 0.08, 0.23)),
    "diverging": ("rate", Exam(360, 4.81, 4.85, 0.43, 0.0, 0.01, 0.06)),
    "flat": ("flat", Exam(600, 4.76, 4.85, 10.0, 0.03, 0.06, 0.23)),
    "sharp": ("default", Exam(600, 9.0, 4.85, 0.01, 0.0, 0.01, 0.06)),
}


@pytest.mark.parametrize("state", SEEN)
def test_each_trouble_is_named(state):
    preset, exam = SEEN[state]
    assert Doctor().examine(ClipConfig(**PRESETS[preset].values), exam).state == state


def test_a_loss_that_jumps_up_is_seen():
    doctor = Doctor()
    doctor.watch(0.5)
    assert doctor.examine(ClipConfig(), Exam(300, 2.0, 4.85, 0.05, 0.6, 0.2, 0.4)).state == "diverging"
