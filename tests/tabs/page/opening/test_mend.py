"""Places of a file that are mended, all of them or none."""

from tabs.page.opening.mend import Mend, mended

MENDS = (Mend("core", "one", "1"), Mend("core", "two", "2"))


def test_a_text_is_mended_in_every_place():
    assert mended("one, two", MENDS) == "1, 2"


def test_a_text_in_which_a_place_is_missing_or_stands_twice_is_left_alone():
    assert mended("one", MENDS) is None
    assert mended("one, two, one", MENDS) is None
