"""What engines yield: plain numbers, numpy arrays and Messages, never tensors.

An engine is `Generator[Event, bool, Message | None]`: each yield gives an event and receives True once the
person asked to stop. An engine then leaves its loop, yields what it wants kept, and ends. Being paused is only
a yield that takes long. It returns a Message only if something else cut it short (zero_gpu.py): why.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from engines.messages import Message

if TYPE_CHECKING:
    from engines.knobs import Config


WAITING = ("early", "healthy")  # verdicts whose advice is to go on
OVER = Message("This run has ended.")
VOTES = "votes"  # the group of the Caption that says how many tell a run's work from the real thing
COMPUTED = "computed"  # the group of the Caption that says how a run is computed, shown with its settings


@dataclass(frozen=True)
class Note:
    """A sentence about what is happening now, such as "Loading PyTorch"; shown until the next one."""

    message: Message
    share: float | None = None  # how far it is, from 0 to 1, where that is known


@dataclass(frozen=True)
class Progress:
    """How far the run is: steps done of `total`, and counts worth showing."""

    step: int
    total: int
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Resumed:
    """The run goes on from a checkpoint at this step; what it told of later steps comes anew.

    `apart` are groups of metrics that count other steps: what they told stays.
    """

    step: int
    apart: tuple[str, ...] = ()


@dataclass(frozen=True)
class Metrics:
    """Named numbers at a step. Names that are always yielded together share a `group`."""

    step: int
    values: Mapping[str, float]
    group: str = "losses"


@dataclass(frozen=True)
class Caption:
    """What the numbers of a group mean: how they are measured, and what they can't be compared with."""

    group: str
    message: Message


@dataclass(frozen=True)
class Samples:
    """Generated pictures, uint8 [N, H, W, C] with C 1 or 3, shown as a grid and kept as history."""

    step: int
    images: np.ndarray
    columns: int | None = None  # of the grid; square if None


@dataclass(frozen=True)
class Reference:
    """Real pictures to compare with, uint8 [N, H, W, C]."""

    images: np.ndarray
    columns: int | None = None


@dataclass(frozen=True)
class Shares:
    """A share from 0 to 1 for each label, such as the classes among the generated pictures."""

    name: str
    labels: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Sheet:
    """Pictures shown beside the samples under a name: uint8 [N, H, W, C], C 1 or 3; the latest of a name stays."""

    name: str
    step: int
    images: np.ndarray
    columns: int
    note: Message | None = None  # what they show


@dataclass(frozen=True)
class Bars:
    """A number for each label, such as the loss by noise level; the latest of a name stays."""

    name: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    unit: str = ""


@dataclass(frozen=True)
class Scatter:
    """Points of the plane, float [N, 2], coloured by class, int [N]; the latest of a name stays."""

    name: str
    points: np.ndarray
    classes: np.ndarray
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """What a language model writes at a step, a text for each of its fixed starts; kept as history."""

    step: int
    texts: tuple[str, ...]  # each with its start
    starts: tuple[str, ...] = ()  # "" where it began from nothing


@dataclass(frozen=True)
class Ground:
    """The real points of the plane, and the middles of the parts that made ones should reach.

    Places are uint16, 0 to 65535 from left to right and from below to above; see Plane.
    """

    points: np.ndarray  # [N, 2]
    centres: np.ndarray  # [M, 2]
    radius: float  # within which of a centre a point counts as being there, as a share of the plane's side


@dataclass(frozen=True)
class Plane:
    """What a model makes of the plane at a step, small enough for ten a second; kept as history.

    Places are those of Ground. The same noise each time: point i of a picture is point i of the next one.
    """

    step: int
    samples: np.ndarray  # made points, uint16 [N, 2]
    covered: np.ndarray  # which parts they reach, uint8 [M] of 0 and 1
    field: np.ndarray | None = None  # an opinion of each place, uint8 [S, S] from 0, made, to 255, real; from below
    arrows: np.ndarray | None = None  # from and to, uint16 [T, K, 2, 2], at T moments of the way
    paths: np.ndarray | None = None  # lines, uint16 [L, P, 2]


@dataclass(frozen=True)
class Verdict:
    """A diagnosis: `state` is its short name, the sentences say what was measured and what to try.

    `afterwards` is the advice for a run that has ended, where that is another.
    """

    state: str
    title: Message
    reason: Message
    advice: Message
    afterwards: Message | None = None

    def ended(self) -> Verdict:
        """The same of a run that has ended, which nobody is told to let run."""
        advice = self.afterwards or (OVER if self.state in WAITING else self.advice)
        return replace(self, advice=advice, afterwards=advice)


@dataclass(frozen=True)
class Weights:
    """A model as it is now: name -> array, for sampling beside the training and for download.

    `facts` is what a config does not tell and rebuilding the model needs, ready for JSON. Of `lasting` ones a few are
    kept to look back at, see shown/moments.py.
    """

    step: int
    tensors: Mapping[str, np.ndarray]
    facts: Mapping[str, Any] = field(default_factory=dict)
    lasting: bool = False


@dataclass(frozen=True)
class Download:
    """A model's files on their way: bytes so far of `total`, which is 0 while unknown."""

    message: Message  # from where, such as "Downloading GPT-2 from the Hugging Face hub"
    done: int
    total: int


@dataclass(frozen=True)
class Token:
    """One generated token. Probabilities are the model's own, before temperature and the other knobs.

    A text server may tell none: then `probability` is None and there are no alternatives.

    `text` is "" while a character is not complete yet; the texts of an answer's tokens put together are the
    answer.
    """

    text: str
    token_id: int
    probability: float | None  # from 0 to 1
    alternatives: tuple[tuple[str, float], ...]  # the five likeliest (as shown, probability), best first
    shown: str = ""  # the token by itself, bytes such as ⟨F0 9F⟩ where it is no whole character
    taken: int | None = None  # its place among the alternatives


@dataclass(frozen=True)
class Answer:
    """A generated text as a whole, and how it went; the last event of a generation."""

    text: str
    prompt_tokens: int
    new_tokens: int
    seconds_to_first: float  # from the request to the first token, the line waited in included; loading is not
    tokens_per_second: float  # after the first token; 0 when there was only one
    ended: str  # "end" the model ended it, "length" Max new tokens, "context" context full, "stopped" by the person
    seed: int  # the one used
    note: Message | None = None  # what else to know, such as what a text server does not tell


@dataclass(frozen=True)
class Perplexity:
    """How likely a model finds a text: exp of the mean negative log-likelihood of its tokens."""

    value: float
    tokens: tuple[Token, ...]  # the first may have no probability of its own: it is 1 and has no alternatives


@dataclass(frozen=True)
class Evaluation:
    """What a classifier makes of rows whose class is known.

    `name` is "before" (not trained yet), "test" (trained), or "old_before" and "old_after" when a run is
    continued: its old test rows, before and after. The rows are texts, or for pictures their number in the
    dataset.
    """

    name: str
    label_names: tuple[str, ...]  # K
    rows: tuple[str, ...]  # N
    truth: np.ndarray  # int64 [N] in [0, K)
    probabilities: np.ndarray  # float32 [N, K], each row adding up to 1

    @property
    def predicted(self) -> np.ndarray:
        """The likeliest class, int64 [N]."""
        return self.probabilities.argmax(1)

    @property
    def accuracy(self) -> float:
        """The share of rows that are right, from 0 to 1; 0 without rows."""
        return float((self.predicted == self.truth).mean()) if len(self.rows) else 0.0


@dataclass(frozen=True)
class Pictures:
    """Finished pictures; the last event of a generation. Picture i alone comes from the seed `config.seed + i`."""

    images: np.ndarray  # uint8 [N, H, W, 3]
    config: Config  # what made them: the seed that was used, never -1, and N as Batch size
    model: str  # its title
    seconds: float  # that the computation took, loading left out
    axes: Any = None  # of an X/Y grid, whose sheet is the one picture


Event = (
    Note
    | Progress
    | Resumed
    | Metrics
    | Caption
    | Samples
    | Reference
    | Shares
    | Sheet
    | Bars
    | Scatter
    | Written
    | Ground
    | Plane
    | Verdict
    | Weights
    | Download
    | Token
    | Answer
    | Perplexity
    | Evaluation
    | Pictures
)
Events = Generator[Event, bool, Message | None]
