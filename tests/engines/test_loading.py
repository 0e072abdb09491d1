"""Loading models with transformers, from several threads."""

import time
from concurrent.futures import ThreadPoolExecutor

from transformers import AutoModelForMaskedLM, PreTrainedModel

from engines.loading import load_pretrained
from tests.tiny_models import save_bert
from tests.tiny_texts import WORDS


class SlowKind:
    """Notes how many loads there are at the same time."""

    now = most = 0

    @classmethod
    def from_pretrained(cls, folder, **options):
        cls.now += 1
        cls.most = max(cls.most, cls.now)
        time.sleep(0.01)
        cls.now -= 1
        return folder, options


def test_loads_do_not_overlap(tmp_path):
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda n: load_pretrained(SlowKind, tmp_path, n=n), range(8)))
    assert results == [(tmp_path, {"n": n}) for n in range(8)]
    assert SlowKind.most == 1


def test_models_loaded_side_by_side_have_all_their_weights(tmp_path):
    save_bert(tmp_path, WORDS)
    tie = PreTrainedModel.tie_weights
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: load_pretrained(AutoModelForMaskedLM, tmp_path), range(12)))
    assert PreTrainedModel.tie_weights is tie
    assert not any(weight.is_meta for model in models for weight in model.parameters())
