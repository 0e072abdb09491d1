"""Scores of outputs against references: BLEU, ROUGE, distinct-n and, if given, perplexity.

BLEU is sacrebleu's (Post 2018, arXiv 1804.08771), ROUGE is as Google's rouge-score has it (Lin 2004), distinct-n is
the share of different n-grams among all (Li et al. 2016, arXiv 1510.03055). All are from 0 to 100, or NaN where
there is nothing to measure, which the row's "Note" explains.
"""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from engines.data.tables.cells import LIMITS, Table
from engines.data.tables.labels import INVISIBLE
from engines.data.tables.reading import read_pasted, read_table
from engines.data.tables.writing import harmless
from engines.data.uploads import size_of
from engines.messages import ConfigError, Message

MAX_PAIRS = 2_000
MAX_BYTES = 10 * 10**6  # of a file or a pasted text
OUTPUT_NAMES = ("output", "prediction", "hypothesis", "candidate", "generated", "输出")
REFERENCE_NAMES = ("reference", "target", "truth", "gold", "参考")
SCORES = ("BLEU", "ROUGE-1", "ROUGE-2", "ROUGE-L", "Distinct-1", "Distinct-2")
# Characters of scripts written without spaces, and pictures, are tokens of their own, as in sacrebleu's "zh".
ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2190-\u2bff\u3000-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\uff00-\uffef\U0001f000-\U0001faff\U00020000-\U0003134f"
)
# Marks that belong to the letter before, which are not \\w.
MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0900-\u0963"
    "\u0966-\u0dff\u200c\u200d"
)
TOKENS = re.compile(rf"(?:(?![{ALONE}])[^\W_]|[{MARKS}])+|[{ALONE}]")
SEPARATED = re.compile(f"[{ALONE}]")
BLANK = re.compile("[\u3000-\u3002\uff0c\uff01\uff1a\uff1b\uff1f\ufe0f]")  # signs of such scripts that are no words


@dataclass(frozen=True)
class Pair:
    """What a model wrote and what it should have written."""

    output: str
    reference: str
    why: Message | None = None  # why it cannot be scored


def tokens(text: str) -> list[str]:
    """The words of a text, in small letters; of a text without any, its signs."""
    text = _composed(text)
    found = [token for token in TOKENS.findall(text.lower()) if not BLANK.match(token)]
    return found or [char for char in text if not char.isspace()]


def _composed(text: str) -> str:
    """The text with letters and accents in one form, and without marks that nobody sees: what reads alike is alike."""
    return unicodedata.normalize("NFC", INVISIBLE.sub("", text)) or text


class Pairs(list[Pair]):
    """Pairs, and what a person should know of how they were read."""

    notes: tuple[Message, ...] = ()


def read_pairs(source: str | Path) -> Pairs:
    """Pairs from a pasted text, or from a file given as a Path: whatever read_table reads.

    The two columns are found by their names, else they are the first two. Every row becomes a pair; one that cannot
    be scored says why. ConfigError if none can, EngineError, naming the line, for what is no table or not allowed.
    """
    if not isinstance(source, Path) and (not isinstance(source, str) or not source.strip()):
        raise ConfigError("Paste pairs of output and reference, or choose a CSV, TSV or JSONL file.")
    if (size_of(source) if isinstance(source, Path) else len(source)) > MAX_BYTES:
        raise ConfigError("The file is too large; at most {most} MB.", most=MAX_BYTES // 10**6)
    if isinstance(source, Path):
        table = read_table(source, LIMITS, _names_columns)
    else:
        table = read_pasted(source, Message("What was pasted"), LIMITS, _names_columns)
    if len(table.rows) > MAX_PAIRS:
        raise ConfigError("There are too many pairs; at most {most} are allowed.", most=MAX_PAIRS)
    pairs, blank = Pairs(_pairs(table)), sum(not any(map(str.strip, row)) for row in table.rows)
    pairs.notes = (*table.notes, *([Message("{count} blank rows are left out.", count=blank)] if blank else []))
    if all(pair.why for pair in pairs):
        reason = pairs[0].why if pairs else Message("All rows are blank.")
        raise ConfigError("No pair can be scored. {reason}", reason=reason)
    return pairs


def _names_columns(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the output or the reference."""
    return any(_named(rows[0], names) for names in (OUTPUT_NAMES, REFERENCE_NAMES))


def _named(columns: Sequence[str], names: Sequence[str]) -> list[int]:
    """The places of the columns with these names, the first name first."""
    lower = [column.strip("\ufeff ").casefold() for column in columns]
    return [lower.index(name) for name in names if name in lower]


def _pairs(table: Table) -> Iterator[Pair]:
    outputs, references = _named(table.columns, OUTPUT_NAMES), _named(table.columns, REFERENCE_NAMES)
    others = [place for place in range(len(table.columns)) if place not in (*outputs, *references)]
    outputs = outputs or others[:1]
    references = references or [place for place in others if place not in outputs][:1]
    for row, line in enumerate(table.lines):
        if row not in table.odd and not any(map(str.strip, table.rows[row])):
            continue
        output, reference = (_first(table.rows[row], places) for places in (outputs, references))
        yield Pair(output, reference, _why_not(table, row, line, bool(outputs and references), reference))


def _first(cells: Sequence[str], places: Sequence[int]) -> str:
    """The first of these cells that is not blank; lines of JSON may name them differently."""
    return next((cells[place].strip() for place in places if cells[place].strip()), "")


def _why_not(table: Table, row: int, line: int, two: bool, reference: str) -> Message | None:
    """Why a row is no pair."""
    if not two or row in table.odd:
        return Message("Line {line} needs two texts: output and reference.", line=line)
    return None if reference else Message("The reference in line {line} is empty.", line=line)


def distinct(texts: Iterable[str], n: int) -> float:
    """Different n-grams as a share of all n-grams of the texts, in percent; NaN if there are none."""
    grams = [gram for text in texts for gram in _grams(tokens(text), n)]
    return 100 * len(set(grams)) / len(grams) if grams else math.nan


def _grams(words: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    """The runs of n words."""
    return zip(*(words[i:] for i in range(n)), strict=False)


def score_pairs(
    pairs: Sequence[Pair],
    perplexity: Callable[[str], float] | None = None,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[list[dict[str, str | float]], dict[str, str | float]]:
    """(a row for each pair, the row of all); a row has "output", "reference", the SCORES, and "Note" if any has one.

    The BLEU of all is the corpus's, which is not the mean of the sentences'; ROUGE of all is the mean F1. With
    `perplexity`, a function of an output, rows have "Perplexity" too (NaN for an output it refuses), and all
    have the geometric mean. `tick` is called before each pair with how many are done; what it raises ends it.
    """
    rows = []
    for done, pair in enumerate(pairs):
        tick(done)
        rows.append(_row(pair, perplexity))
    total = _total(pairs, rows, bool(perplexity))
    if not any(row["Note"] for row in [*rows, total]):
        for row in [*rows, total]:
            del row["Note"]
    return rows, total


def _row(pair: Pair, perplexity: Callable[[str], float] | None) -> dict[str, str | float]:
    """The scores of one pair."""
    from sacrebleu.metrics import BLEU

    row: dict[str, str | float] = {"output": pair.output, "reference": pair.reference}
    row |= dict.fromkeys([*SCORES, *(["Perplexity"] if perplexity else [])], math.nan)
    if pair.why:
        return {**row, "Note": pair.why}
    output, reference = tokens(pair.output), tokens(pair.reference)
    row["BLEU"] = BLEU(effective_order=True).sentence_score(_spaced(pair.output), [_spaced(pair.reference)]).score
    row |= {f"ROUGE-{n}": _common(output, reference, n) for n in (1, 2)}
    row["ROUGE-L"] = _in_order(output, reference)
    if len(reference) < 2:
        row["ROUGE-2"] = math.nan
    row |= {f"Distinct-{n}": distinct([pair.output], n) for n in (1, 2)}
    notes = _notes(pair)
    if perplexity and pair.output:
        try:
            row["Perplexity"] = perplexity(pair.output)
        except ConfigError as problem:  # too short
            notes.append(problem.message)
    return {**row, "Note": _joined(notes)}


def _joined(notes: Sequence[Message]) -> str:
    return reduce(lambda before, after: Message("{before} {next}", before=before, next=after), notes) if notes else ""


def _notes(pair: Pair) -> list[Message]:
    """Why some scores of a pair are missing."""
    if not pair.output:
        return [Message("The output is empty.")]
    if min(len(tokens(pair.output)), len(tokens(pair.reference))) < 2:
        return [Message("A text of one word has no pairs of words.")]
    return []


def _common(output: Sequence[str], reference: Sequence[str], n: int) -> float:
    """ROUGE-n, the F1 in percent of the n-grams in common, as rouge-score has it, which would load nltk for that."""
    ours, theirs = Counter(_grams(output, n)), Counter(_grams(reference, n))
    return 200.0 * (ours & theirs).total() / max(1, ours.total() + theirs.total())


def _in_order(output: Sequence[str], reference: Sequence[str]) -> float:
    """ROUGE-L, the F1 in percent of the longest common subsequence, as rouge-score has it.

    Its table of all pairs of words takes half a minute for two texts of 4,000; here a row of it is the bits of one
    number (Hyyrö 2004).
    """
    places: dict[str, int] = {}
    for place, word in enumerate(reference):
        places[word] = places.get(word, 0) | 1 << place
    whole = row = (1 << len(reference)) - 1
    for word in output:
        met = row & places.get(word, 0)
        row = (row + met | row - met) & whole
    common = len(reference) - row.bit_count()
    return 200.0 * common / max(1, len(output) + len(reference))


def _spaced(text: str) -> str:
    """The text with spaces around the characters that are words by themselves."""
    return SEPARATED.sub(r" \g<0> ", _composed(text))


def _total(pairs: Sequence[Pair], rows: Sequence[Mapping], with_perplexity: bool) -> dict[str, str | float]:
    """The row of all pairs that could be scored; NaN if none could."""
    from sacrebleu.metrics import BLEU

    scored = [pair for pair in pairs if not pair.why]
    outputs, references = [_spaced(pair.output) for pair in scored], [_spaced(pair.reference) for pair in scored]
    total: dict[str, str | float] = {"output": "", "reference": ""}
    total["BLEU"] = BLEU(effective_order=True).corpus_score(outputs, [references]).score if scored else math.nan
    total |= {name: _mean(row[name] for row in rows) for name in SCORES[1:4]}
    total |= {f"Distinct-{n}": distinct([pair.output for pair in scored], n) for n in (1, 2)}
    if with_perplexity:
        total["Perplexity"] = math.exp(_mean(math.log(row["Perplexity"]) for row in rows))
    notes = list(getattr(pairs, "notes", ()))
    if len(scored) < len(rows):
        left = len(rows) - len(scored)
        notes.insert(0, Message("{count} of {total} pairs are not scored.", count=left, total=len(rows)))
    return {**total, "Note": _joined(notes)}


def _mean(values: Iterable[float]) -> float:
    """The mean of those that are numbers; NaN if none is."""
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def to_csv(rows: Sequence[Mapping[str, str | float]], total: Mapping[str, str | float]) -> str:
    """The table as CSV text, the total last under the output "(all)"; cells cannot start a formula.

    Write it with a byte order mark (utf-8-sig), or spreadsheets take it for another encoding.
    """
    target = io.StringIO()
    writer = csv.DictWriter(target, list(total), lineterminator="\n")
    writer.writeheader()
    for row in [*rows, {**total, "output": "(all)"}]:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return target.getvalue()


def _cell(value: str | float) -> str:
    if isinstance(value, float) and not math.isnan(value):
        return f"{value:.2f}"
    return harmless(value)
