from engines.gpt_training.measures.copies import Copies
from engines.music.measures.tunes import add_up, as_long_as_said, count_bars, counted, said_bars, score, steps_of
from engines.music.score.abc import read

GOOD = "[M:6/8][K:G]D|GABc2d|e3d2c|BAGAGF|G3-G2:|"


def test_a_pickup_and_the_end_of_its_part_make_one_bar():
    assert add_up(read(GOOD)) == [True] * 5
    assert add_up(read(GOOD.replace("G3-G2", "G3"))) == [False, True, True, True, False]


def test_bars_are_counted_as_they_are_written():
    assert count_bars(read(GOOD)) == 4, "the pickup is part of the last one"
    assert count_bars(read("M:2/4\nK:C\n|:A8|A8|1A8:|2A8|]")) == 4
    line = counted(GOOD)
    assert line == GOOD.replace("[K:G]", "[K:G][N:4]")
    assert (said_bars(line), said_bars(GOOD)) == (4, None)
    assert counted("no tune") == "no tune"


def test_a_tune_is_as_long_as_it_says_or_not():
    line = counted(GOOD)
    wrong, none = line.replace("[N:4]", "[N:8]"), "[M:6/8][K:G][N:4]"
    assert as_long_as_said([line, wrong, none, GOOD, ""]) == 1 / 3
    assert as_long_as_said([GOOD]) == as_long_as_said([]) == 0.0
    assert score([line]) == score([GOOD])
    assert steps_of(line) == steps_of(GOOD)


def test_a_bar_too_long_too_short_or_with_nonsense_does_not_add_up():
    tune = read("M:2/4\nK:C\nA8|A4|AAAAAAAAA|A8|")
    assert add_up(tune) == [True, False, False, True]
    found = score(["[M:2/4][K:C]A8|A4éA4|A8|"])
    assert (found.bars, found.whole) == (2 / 3, 0.0)


def test_shares_are_of_bars_notes_and_texts():
    found = score([GOOD, "[M:6/8][K:G]^GAB^c3|", "no tune", ""])
    assert found.count == 4
    assert found.bars == 6 / 8
    assert found.closes == 0.25
    assert found.whole == 0.5
    assert found.in_key == (17 + 2) / 21


def test_a_copy_in_another_key_has_the_same_steps():
    other = "[M:6/8][K:D]A,|DEFG2A|B3A2G|FEDEDC|D3-D2:|"
    assert steps_of(GOOD)[1:] == steps_of(other)[1:]
    assert len(Copies([steps_of(GOOD)]).longest(steps_of(other))) == len(steps_of(GOOD))
    assert steps_of("nothing") == ""
