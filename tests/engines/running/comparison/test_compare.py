from dataclasses import replace

import numpy as np
import pytest

from engines.diffusion_training.config import DiffusionConfig
from engines.finetuning.config import FinetuningConfig
from engines.gan_training.config import GanConfig
from engines.gpt_training.config import GptConfig
from engines.messages import Message
from engines.running.board import Board
from engines.running.comparison.compare import compare, differences
from engines.running.comparison.entries import NAMES, Entry
from engines.running.comparison.standings import farthest_shared, standings
from engines.running.events import Caption, Evaluation, Metrics, Progress, Reference
from engines.vae_training.config import VaeConfig
from tests.fakes import pictures

TITLES = {GanConfig: "GAN", VaeConfig: "VAE", DiffusionConfig: "Diffusion", GptConfig: "GPT"}
FEATURES = Message("In {n} features", n=64)


def a_board(engine, config, distances=(), every=100, pace=0.01, losses=(), caption=FEATURES):
    """A run whose exams gave these distances, one in `every` steps, each step taking `pace` seconds."""
    board = Board(engine, config.to_dict())
    board.fold(Caption("scores", caption))
    steps = every * max(len(distances), len(losses), 1)
    for step in range(0, steps + 1, every // 2):
        board.active_seconds = 5 + pace * step  # five of preparation
        board.fold(Progress(step, steps))
    for i, distance in enumerate(distances):
        board.fold(Metrics(every * (i + 1), {"Fréchet distance": distance, "Diversity": 0.9}, "scores"))
    for i, loss in enumerate(losses):
        board.fold(Metrics(every * (i + 1), {"Loss_D": loss, "Loss_G": loss}))
    board.set_state("finished")
    return board


def entries(*pairs):
    return [
        Entry(name, TITLES.get(type(config), "Fine-tuning"), config, board)
        for name, (config, board) in zip(NAMES, pairs, strict=False)
    ]


def gan(distances, config=None, **options):
    config = config or GanConfig()
    return config, a_board("gan_training", config, distances, **options)


def about(sentences, measure):
    return [str(one) for one in sentences if str(one).startswith(measure)]


FLAT_40 = [90, 60, 41, 40, 41, 40, 41, 40]
FLAT_50 = [90, 70, 51, 50, 51, 50, 51, 50]


def test_who_leads_is_said_with_the_measure_and_its_noise():
    (sentence,) = about(standings(entries(gan(FLAT_50), gan(FLAT_40))), "Fréchet")
    assert "B leads, 40 against 50 of A; the noise of measuring is ±" in sentence


def test_a_difference_within_the_noise_is_a_tie():
    (sentence,) = about(standings(entries(gan([60, 40, 50, 38, 52, 41]), gan([62, 50, 42, 51, 40, 44]))), "Fréchet")
    assert "a tie, A 41, B 44" in sentence


def test_of_three_two_can_be_level_ahead_of_the_third():
    near = [90, 60, 41, 40, 41, 40, 41, 40.4]
    (sentence,) = about(standings(entries(gan(FLAT_50), gan(FLAT_40), gan(near))), "Fréchet")
    assert "a tie of B, C ahead of A" in sentence


def test_few_measurements_say_nothing_yet():
    (sentence,) = about(standings(entries(gan([90, 60]), gan(FLAT_40))), "Fréchet")
    assert "too few measurements" in sentence
    (sentence,) = about(standings(entries(gan([90, 60]), gan(FLAT_40), gan(FLAT_50))), "Fréchet")
    assert "B leads" in sentence
    assert "Of A there are too few measurements: A 60." in sentence


def test_at_the_same_place_only_what_was_measured_until_there_counts():
    short, long = gan([80, 70, 61, 60, 61, 60]), gan([200, 150, 120, 110, 101, 100, 30, 20, 21, 20])
    both = entries(short, long)
    assert farthest_shared(both, "steps") == 600
    (now,), (there,) = (about(standings(both, axis), "Fréchet") for axis in ("", "steps"))
    assert "B leads, 20 against 60" in now
    assert "A leads, 60 against 100" in there


def test_seconds_and_pictures_are_other_axes():
    slow = gan(FLAT_40, replace(GanConfig(), batch=128), pace=0.05)
    (a, b) = entries(slow, gan(FLAT_50))
    assert a.place(400, "seconds") == pytest.approx(20)
    assert b.place(400, "seconds") == pytest.approx(4)
    assert (a.place(400, "pictures"), b.place(400, "pictures")) == (400 * 128, 400 * 64)
    assert farthest_shared([a, b], "seconds") == pytest.approx(8)


def test_a_run_whose_time_was_not_kept_is_missing_on_seconds_and_that_is_said():
    config, old = gan(FLAT_40)
    old.times.rewind(-1)
    both = entries((config, old), gan(FLAT_50))
    found = compare(both)
    assert farthest_shared(both, "seconds") is None
    assert any("time of A" in note for note in found.notes)


def test_kinds_that_share_a_measure_are_compared_in_that_one():
    vae = VaeConfig()
    found = compare(entries(gan(FLAT_40, losses=(1, 2)), (vae, a_board("vae_training", vae, FLAT_50))))
    assert [(one.column, one.comparable) for one in found.curves] == [("Fréchet distance", True), ("Diversity", True)]
    (note,) = [note for note in found.notes if "different kinds" in note]
    assert "A: GAN" in note
    assert "Fréchet distance, Diversity" in note
    assert about(found.standings[0].sentences, "Fréchet")


def test_kinds_without_a_common_measure_show_what_comes_first_of_each():
    config = GptConfig()
    text = Board("gpt_training", config.to_dict())
    text.fold(Metrics(10, {"Training": 3.0, "Held-out": 3.5}))
    found = compare(entries(gan(FLAT_40), (config, text)))
    assert [one.column for one in found.curves] == ["Fréchet distance", "Held-out"]
    assert any("no measure of theirs means the same" in note for note in found.notes)


def test_other_data_are_not_compared_and_what_there_is_is_shown():
    digits = GanConfig(dataset="mnist")
    found = compare(entries(gan(FLAT_40), gan(FLAT_50, digits)))
    assert not found.standings[0].sentences
    assert [one.comparable for one in found.curves] == [False, False]
    assert any("same data (A: Fashion-MNIST" in note for note in found.notes)


def test_losses_of_other_objectives_are_not_compared():
    hinge = GanConfig(objective="hinge")
    found = compare(entries(gan(FLAT_40, losses=(1, 2)), gan(FLAT_50, hinge, losses=(1, 2))))
    assert {one.column: one.comparable for one in found.curves} == {
        "Fréchet distance": True, "Diversity": True, "Loss_D": False, "Loss_G": False,
    }  # fmt: skip
    assert any("can't be compared: Loss_D, Loss_G" in note for note in found.notes)


def test_uploads_count_as_the_same_only_if_they_look_so():
    own = GanConfig(dataset="own")
    runs = [gan(FLAT_40, own), gan(FLAT_50, own), gan(FLAT_50, own)]
    for (_, board), value in zip(runs, (10, 10, 20), strict=True):
        board.fold(Reference(pictures(value=value)))
    first, same, other = (Entry("A", "GAN", *run).data for run in runs)
    assert first == same != other


def test_a_model_that_guesses_gaps_is_no_rival_of_one_that_writes_on():
    def a_writer(config, caption):
        board = Board("gpt_training", config.to_dict())
        board.fold(Caption("losses", caption))
        for step in range(1, 9):
            board.fold(Metrics(step, {"Training": 5.0, "Held-out": 5 + 0.01 * (step % 2), "1-gram": 6.5}))
        return config, board

    nats, gaps = Message("Nats a character"), Message("Nats for each hidden character")
    writers = [a_writer(GptConfig(), nats), a_writer(GptConfig(model="lstm"), nats)]
    assert about(standings(entries(*writers)), "Held-out")
    masked = a_writer(GptConfig(model="masked"), gaps)
    assert not standings(entries(writers[0], masked))
    assert [one.column for one in compare(entries(*writers)).curves] == ["Held-out", "Training"], "lines are no curves"


def test_classifiers_are_compared_by_the_rows_that_only_one_has_right():
    rows = 200

    def tested(right):
        board = Board("finetuning", FinetuningConfig().to_dict())
        truth = np.zeros(rows, np.int64)
        chances = np.where(np.arange(rows)[:, None] < right, [[0.9, 0.1]], [[0.2, 0.8]]).astype(np.float32)
        names = tuple(str(i) for i in range(rows))
        board.fold(Evaluation("test", ("a", "b"), names, truth, chances))
        return FinetuningConfig(), board

    (tie,) = standings(entries(tested(150), tested(153)))
    assert "a tie, since 3 rows only B" in tie
    (led,) = standings(entries(tested(150), tested(180)))
    assert "B has the most right: 90.0 % against 75.0 % of A; 30 rows only B" in led


def test_only_settings_that_differ_are_told():
    one, other = GanConfig(seed=1), GanConfig(seed=2, objective="hinge")
    differ, some = differences(entries((one, a_board("g", one)), (other, a_board("g", other))))
    assert [(row.label, row.values) for row in differ] == [
        ("Objective", ("Non-saturating", "Hinge")), ("Seed", (1, 2)),
    ]  # fmt: skip
    assert not some


def test_settings_that_only_one_kind_has_stand_apart():
    vae = VaeConfig()
    differ, some = differences(entries(gan([]), (vae, a_board("vae_training", vae))))
    assert "Beta" in [row.label for row in some]
    assert "Beta" not in [row.label for row in differ]
    assert all(None in row.values for row in some)


def test_one_run_or_none_says_little_and_breaks_nothing():
    assert compare([]).settings == ()
    alone = compare(entries(gan(FLAT_40)))
    assert [one.column for one in alone.curves] == ["Fréchet distance", "Diversity"]
    assert not alone.standings[0].sentences


def test_a_run_that_diverged_does_not_stand_in_the_way():
    found = standings(entries(gan([90, float("nan"), float("inf")]), gan(FLAT_40), gan(FLAT_50)))
    assert "B leads" in about(found, "Fréchet")[0]
