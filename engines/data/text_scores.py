"""Scores of outputs against references: BLEU, ROUGE, distinct-n and, if given, perplexity.

BLEU is sacrebleu's (Post 2018, arXiv 1804.08771), ROUGE is Google's rouge-score (Lin 2004), distinct-n is the
share of different n-grams among all (Li et al. 2016, arXiv 1510.03055). All are from 0 to 100.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.messages import ConfigError

MAX_PAIRS = 2_000
MAX_CHARACTERS = 20_000  # of one text
MAX_BYTES = 10 * 10**6  # of a file or a pasted text
OUTPUT_NAMES = ("output", "prediction", "hypothesis", "candidate", "generated", "输出")
REFERENCE_NAMES = ("reference", "target", "truth", "gold", "参考")
SCORES = ("BLEU", "ROUGE-1", "ROUGE-2", "ROUGE-L", "Distinct-1", "Distinct-2")
# A character of a language written without spaces is a token of its own, as in sacrebleu's "zh".
TOKENS = re.compile(r"[぀-ヿ㐀-鿿豈-﫿]|[^\W_぀-ヿ㐀-鿿豈-﫿]+")


@dataclass(frozen=True)
class Pair:
    """What a model wrote and what it should have written."""

    output: str
    reference: str


class _Tokens:
    """Tokenizer for rouge-score; its own knows only a to z and 0 to 9."""

    def tokenize(self, text: str) -> list[str]:
        return TOKENS.findall(text.lower())


def read_pairs(source: str | Path) -> list[Pair]:
    """Pairs from a pasted text, or from a file given as a Path: JSONL, CSV or TSV.

    JSONL has an object with "output" and "reference" a line; a table has two columns, found by their names in
    its first row, else the first two. ConfigError, naming the line, for what is not a pair or not allowed.
    """
    text = _read(source) if isinstance(source, Path) else source
    if not isinstance(text, str) or not text.strip():
        raise ConfigError("Paste pairs of output and reference, or choose a CSV, TSV or JSONL file.")
    if len(text) > MAX_BYTES:
        raise _too_large()
    rows = _json_rows(text) if text.lstrip().startswith("{") else _table_rows(text)
    pairs = []
    for line, output, reference in rows:
        if len(pairs) == MAX_PAIRS:
            raise ConfigError("There are too many pairs; at most {most} are allowed.", most=MAX_PAIRS)
        pairs.append(_pair(line, output, reference))
    if not pairs:
        raise ConfigError("There is no pair of output and reference.")
    return pairs


def _pair(line: int, output: Any, reference: Any) -> Pair:
    for text in (output, reference):
        if not isinstance(text, str):
            raise ConfigError("Line {line} needs two texts: output and reference.", line=line)
        if len(text) > MAX_CHARACTERS:
            raise ConfigError(
                "Line {line} has a text that is too long; at most {most} characters.", line=line, most=MAX_CHARACTERS
            )
    if not reference.strip():
        raise ConfigError("The reference in line {line} is empty.", line=line)
    return Pair(output.strip(), reference.strip())


def _too_large() -> ConfigError:
    return ConfigError("The file is too large; at most {most} MB.", most=MAX_BYTES // 10**6)


def _read(path: Path) -> str:
    if path.stat().st_size > MAX_BYTES:
        raise _too_large()
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ConfigError("The file is not UTF-8 text; save it as CSV, TSV or JSONL in UTF-8.") from problem


def _json_rows(text: str) -> Iterable[tuple[int, Any, Any]]:
    for line, row in enumerate(text.splitlines(), 1):
        if not row.strip():
            continue
        try:
            data = json.loads(row)
        except (ValueError, RecursionError) as problem:
            raise ConfigError("Line {line} is not JSON.", line=line) from problem
        if not isinstance(data, Mapping):
            raise ConfigError("Line {line} needs two texts: output and reference.", line=line)
        names = {str(name).lower(): value for name, value in data.items()}
        yield line, _named(names, OUTPUT_NAMES), _named(names, REFERENCE_NAMES)


def _named(values: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((values[name] for name in names if name in values), None)


def _table_rows(text: str) -> Iterable[tuple[int, Any, Any]]:
    """Rows of a table whose columns are separated by tabs if its first line has one, else by commas."""
    delimiter = "\t" if "\t" in text.strip().split("\n", 1)[0] else ","
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    columns = None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if columns is None:
                columns = _columns([cell.strip().lower() for cell in row])
                if columns:
                    continue
                columns = (0, 1)
            if len(row) <= max(columns):
                raise ConfigError("Line {line} needs two texts: output and reference.", line=reader.line_num)
            yield reader.line_num, row[columns[0]], row[columns[1]]
    except csv.Error as problem:
        line = reader.line_num
        raise ConfigError("Line {line} is not a row of a table; check its quotes.", line=line) from problem


def _columns(header: list[str]) -> tuple[int, int] | None:
    """Where the output and the reference are, if the first row names them."""
    output = next((header.index(name) for name in OUTPUT_NAMES if name in header), None)
    reference = next((header.index(name) for name in REFERENCE_NAMES if name in header), None)
    return None if output is None or reference is None else (output, reference)


def distinct(texts: Iterable[str], n: int) -> float:
    """Different n-grams as a share of all n-grams of the texts, in percent; 0 if there are none."""
    grams = []
    for text in texts:
        tokens = TOKENS.findall(text.lower())
        grams += zip(*(tokens[i:] for i in range(n)), strict=False)
    return 100 * len(set(grams)) / len(grams) if grams else 0.0


def score_pairs(
    pairs: Sequence[Pair],
    perplexity: Callable[[str], float] | None = None,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[list[dict[str, str | float]], dict[str, str | float]]:
    """(a row for each pair, the row of all together); a row has "output", "reference" and the SCORES.

    The BLEU of all is the corpus's, which is not the mean of the sentences'; ROUGE of all is the mean F1. With
    `perplexity`, a function of an output, rows have "Perplexity" too (NaN for an output it refuses), and all
    have the geometric mean. `tick` is called before each pair with how many are done; what it raises ends it.
    """
    from rouge_score.rouge_scorer import RougeScorer
    from sacrebleu.metrics import BLEU

    chinese = sum(bool(re.search("[㐀-鿿]", pair.reference)) for pair in pairs) * 2 > len(pairs)
    options = {"tokenize": "zh" if chinese else "13a"}
    sentence, corpus = BLEU(effective_order=True, **options), BLEU(**options)
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=_Tokens())
    rows = []
    for done, pair in enumerate(pairs):
        tick(done)
        rouge = scorer.score(pair.reference, pair.output)
        row: dict[str, str | float] = {"output": pair.output, "reference": pair.reference}
        row["BLEU"] = sentence.sentence_score(pair.output, [pair.reference]).score
        row |= {name: 100 * rouge[key].fmeasure for name, key in zip(SCORES[1:4], rouge, strict=True)}
        row |= {f"Distinct-{n}": distinct([pair.output], n) for n in (1, 2)}
        if perplexity:
            row["Perplexity"] = _or_nan(perplexity, pair.output)
        rows.append(row)
    outputs = [pair.output for pair in pairs]
    total: dict[str, str | float] = {"output": "", "reference": ""}
    total["BLEU"] = corpus.corpus_score(outputs, [[pair.reference for pair in pairs]]).score
    total |= {name: sum(row[name] for row in rows) / len(rows) for name in SCORES[1:4]}
    total |= {f"Distinct-{n}": distinct(outputs, n) for n in (1, 2)}
    if perplexity:
        logs = [math.log(row["Perplexity"]) for row in rows if not math.isnan(row["Perplexity"])]
        total["Perplexity"] = math.exp(sum(logs) / len(logs)) if logs else math.nan
    return rows, total


def _or_nan(perplexity: Callable[[str], float], text: str) -> float:
    try:
        return perplexity(text)
    except ConfigError:  # too short
        return math.nan


def to_csv(rows: Sequence[Mapping[str, str | float]], total: Mapping[str, str | float]) -> str:
    """The table as CSV text, the total last under the output "(all)"; cells cannot start a formula."""
    target = io.StringIO()
    writer = csv.DictWriter(target, list(total), lineterminator="\n")
    writer.writeheader()
    for row in [*rows, {**total, "output": "(all)"}]:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return target.getvalue()


def _cell(value: str | float) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.2f}"
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
