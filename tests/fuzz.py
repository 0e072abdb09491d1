"""Calls that no one should make, made on purpose: used by test_hostile.py and by benchmarks/public.py."""

from __future__ import annotations

import http.client
import io
import json
import random
import time
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from PIL import Image

from engines.clip_training.config import ClipConfig
from engines.diffusion_training.config import DiffusionConfig
from engines.finetuning.config import FinetuningConfig
from engines.gan_training.config import GanConfig
from engines.gpt_training.config import GptConfig
from engines.image_generation.config import ImageConfig
from engines.knobs import Config
from engines.live_training.race.config import RaceConfig
from engines.music.config import MusicConfig
from engines.music.melody_vae.config import MelodyConfig
from engines.points_training.config import PointsConfig
from engines.text_generation.config import TextConfig
from engines.vae_training.config import VaeConfig

MODEL = TextConfig.model
HELLO = [{"role": "user", "content": "Hello"}]
SECRET = "root:"  # how the file begins that must not be read
OURS = "inside the program"  # of the sentence that owns up to a fault
WATCHED = 4.0  # seconds at most that a started run is watched for a fault, before it is stopped
CONFIGS = {
    "gan": GanConfig, "vae": VaeConfig, "diffusion": DiffusionConfig, "points": PointsConfig, "image": ImageConfig,
    "text": TextConfig, "finetuning": FinetuningConfig, "gpt": GptConfig, "race": RaceConfig, "compare": Config,
    "room": Config, "music": MusicConfig, "tune": Config, "melody": MelodyConfig, "clip": ClipConfig,
}  # fmt: skip
FILE = {"_type": "gradio.FileData"}
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3.7, 2**31, 10**30, -1e308, 1e-320, float("nan"), float("inf"), "", " ", "x", "NaN",
    "-1", "0x10", "example", "example_finetuning", "emoji", "stop", "null", "undefined", "a" * 100_000, "好" * 3_000,
    "\u202e\u0000\ud800", "😀\r\n\t", "<script>alert(1)</script>", "' OR 1=1; --", "{0.__class__}", "%s%n%x", "$(id)",
    "../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "..\\..\\win.ini", "C:\\",
    "/proc/self/environ", "http://127.0.0.1:9/", "\\\\127.0.0.1\\share", [], {}, [None], [[[[]]]], ["x"] * 1_000,
    {"a": {"b": [1]}}, {"__proto__": 1}, {"role": "user"}, [{"role": "user", "content": 5}],
    [{"role": "root", "content": "x"}],
    {"path": "/etc/passwd", "meta": FILE}, [{"path": "/etc/passwd", "meta": FILE}], {"path": "../../etc/passwd"},
    {"path": "http://127.0.0.1:9/x.png", "url": "http://127.0.0.1:9/x.png", "meta": FILE},
    {"path": None, "meta": FILE},
)  # fmt: skip

# Texts that are none, or hardly any, and tables of next to nothing.
TEXTS = (
    "a\ud800", "\udfffb", "\0", "a\0b", "\ufeff", "\u200b", "\r", "!!!", "🍎", "e\u0301" * 50, "<eos>", "<|im_end|>",
    "a", "a,b", '"', "output,reference", "output,reference\n🍎,🍎\n", "output,reference\n,\n",
    'output,reference\n"a,b\n',
    "output,reference\na\ud800,b\n", "output,reference\na\0,b\n", "[]", "{}", '{"output": 1, "reference": null}',
    '[{"output": "a", "reference": "b"}]', '{"output": "\\ud800", "reference": "b"}\n', "=1+1,=1+1", "\t\n\t\n",
)  # fmt: skip
# Settings with which a run on an uploaded file starts, whatever is in the file.
STARTS = (
    {"dataset": "own_texts", "model": "char_ngrams", "epochs": 1}, {"dataset": "own_texts", "epochs": 1},
    {"dataset": "own_pictures", "model": "small_cnn", "epochs": 1, "batch": 1},
)  # fmt: skip
# Settings of runs that begin at once, and end soon.
AT_ONCE = {"finetuning_start": {"rows": 200}, "race": {"seconds": 5, "dataset": "mnist"}}
SMALL = {"architecture": "mlp", "features": 8, "batch": 16}
# What an endpoint could make use of, so that what is hostile in the other inputs is reached.
GOOD = {
    "run": "example", "label": -1, "seed": 1, "seed_to": 2, "settings": {}, "owner": "me", "messages": HELLO,
    "system": "", "text": "Hello you", "texts": ["good film"], "pasted": "output,reference\na b,a c\n", "model": MODEL,
    "with_perplexity": True, "file": None, "image": None, "mask": None, "pictures": None, "base": "", "uploads": None,
    "x": "guidance", "values_x": "1, 4", "y": "steps", "values_y": "1, 2", "to_prompt": "pizza", "to_seed": -1,
    "frames": 2, "kind": "webp", "path": None, "action": "pause", "runs": ["example", "example-vae_training"],
    "piece": {}, "how": "compose", "bars": 2, "name": "me", "code": "ABCDEF", "value": "",
    "abc": "M:6/8\nK:D\nABc d3|", "key": "D", "meter": "6/8", "temperature": 0.9, "style": None, "prompt": "red apple",
    "files": None, "classes": "dog\n猫", "count": 3, "free": False,
    "entries": [{"engine": "gan_training", "settings": SMALL}, {"engine": "gan_training", "settings": SMALL}],
}  # fmt: skip


def small_files() -> dict[str, bytes]:
    """Files with next to nothing in them, by their names."""
    picture, many, one = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    with zipfile.ZipFile(many, "w") as archive:
        for name in ("a/1.png", "b/1.png", "b/2.png"):
            archive.writestr(name, picture.getvalue())
    with zipfile.ZipFile(one, "w") as archive:  # classes of one picture, beside a larger one
        for number in range(12):
            tile = io.BytesIO()
            Image.new("RGB", (8, 8), (20 * number, 0, 0)).save(tile, "PNG")
            archive.writestr(f"{'ab'[number] if number < 2 else 'c'}/{number}.png", tile.getvalue())
    rows = [f"text {number},{'ab'[number] if number < 2 else 'c'}" for number in range(12)]
    tables = {f"{at}.csv": text.encode("utf-8", "surrogatepass") for at, text in enumerate(TEXTS)}
    return {
        **tables,
        "ones.csv": "\n".join(["text,label", *rows]).encode(),
        "odd.csv": "\n".join(["text,label", *(f"{'🍎‮' * at}\u200b,{at % 2}" for at in range(1, 13))]).encode(),
        "ones.zip": one.getvalue(),
        "0.png": b"",
        "1.png": picture.getvalue(),
        "1.mid": b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0",
        "1.musicxml": b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "classes.zip": many.getvalue(),
        "empty.zip": b"PK\5\6" + b"\0" * 18,
    }


def hostile_calls(
    endpoint: str, parameters: list[str], count: int, seed: int = 0, files: Sequence[str] = ()
) -> Iterator[list[Any]]:
    """`count` lists of inputs for an endpoint: values of wrong types, sizes and meanings, settings among them.

    In every second one all inputs but one are good ones. `files` are paths of files that were uploaded.
    """
    draw = random.Random(f"{endpoint} {seed}")
    knobs = list(CONFIGS[endpoint.partition("_")[0]].knobs())
    uploaded = [{"path": path, "meta": FILE} for path in files]
    values = (*VALUES, *TEXTS, *TEXTS, *uploaded, *([one] for one in uploaded))
    said = tuple([{"role": "user", "content": text}] for text in TEXTS)
    good = {**GOOD, "settings": AT_ONCE.get(endpoint, {})}
    for number in range(count):
        data = [draw.choice(values) for _ in parameters]
        if "uploads" in parameters and files and number % 4 == 0:
            given = {**good, "settings": draw.choice(STARTS) | ({"seed": draw.choice(VALUES)} if number % 3 else {})}
            given["uploads"] = [draw.choice([path for path in files if path.endswith((".csv", ".zip"))])]
            given["uploads"] = [{"path": path, "meta": FILE} for path in given["uploads"]]
            yield [given[name] for name in parameters]
            continue
        if number % 2 and all(name in GOOD for name in parameters):
            at = draw.randrange(len(parameters))
            odd = draw.choice((*values, *said) if parameters[at] == "messages" else values)
            data = [odd if place == at else good[name] for place, name in enumerate(parameters)]
            yield data
            continue
        if "settings" in parameters and draw.random() < 0.7:
            names = draw.sample(knobs, draw.randint(1, 3))
            data[parameters.index("settings")] = {name: draw.choice(VALUES) for name in names}
        if draw.random() < 0.03:
            data = data[:-1] if draw.random() < 0.5 else [*data, draw.choice(VALUES)]
        yield data


class Caller:
    """A client that calls endpoints without a queue, and says what is wrong with an answer."""

    def __init__(self, url: str, seconds: float = 60.0) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
        self._streams = streams(self)

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str) -> tuple[int, str]:
        """(status, body) of a path that is sent as it is, with all its dots."""
        return self._ask("GET", path, None)

    def call(self, endpoint: str, data: list[Any]) -> tuple[int, Any]:
        """(status, parsed body) of an endpoint's answer; the body as text if it is no JSON."""
        body = json.dumps({"data": data, "session_hash": "fuzz"})
        status, text = self._ask("POST", f"/gradio_api/run/{endpoint}", body)
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def follow(self, endpoint: str, data: list[Any]) -> str:
        """What is wrong with any of the answers of an endpoint that streams, "" if nothing is."""
        status, text = self._ask("POST", f"/gradio_api/call/{endpoint}", json.dumps({"data": data}))
        if status != 200:
            return "" if status < 500 and text.strip() else f"it answered {status} {text[:300]}"
        status, text = self._ask("GET", f"/gradio_api/call/{endpoint}/{json.loads(text)['event_id']}", None)
        for event in text.strip().split("\n\n"):
            kind, _, said = event.partition("\ndata: ")
            bare = kind == "event: error" and not json.loads(said or "null")
            if OURS in said or SECRET in said or bare:
                return f"it streamed {event[:300]}"
        return "" if status == 200 else f"it answered {status} {text[:300]}"

    def fault(self, endpoint: str, data: list[Any]) -> str:
        """What is wrong with the answers to a hostile call, "" if each is a clear error or a valid result."""
        if endpoint in self._streams:
            return self.follow(endpoint, data)
        status, answer = self.call(endpoint, data)
        text = json.dumps(answer)
        if SECRET in text or "Traceback" in text or 'File \\"' in text:
            return f"it told what it must not: {text[:300]}"
        if status == 200 and isinstance(answer, dict) and "data" in answer:
            return self._watch(endpoint, answer["data"][0]) if endpoint.endswith("_start") else ""
        sentence = answer.get("error") if isinstance(answer, dict) else None
        if not isinstance(sentence, str) or not sentence.strip() or OURS in sentence:
            return f"it answered {status} {text[:300]}"
        return ""

    def _watch(self, endpoint: str, started: dict[str, Any]) -> str:
        """Watch a training that was started until it has made a step, and stop it; what is wrong with it."""
        kind, end = endpoint.removesuffix("_start"), time.monotonic() + WATCHED
        while True:
            status, answer = self.call(f"{kind}_status", [started["run"]])
            about = answer["data"][0] if status == 200 else {"state": "lost", "error": answer}
            going = about["state"] in ("queued", "running", "stopping")
            learnt = (about.get("progress") or {}).get("step", 0) > 1
            if not going:
                break
            if learnt or time.monotonic() > end:
                self.call(f"{kind}_control", [started["run"], started["owner"], "stop"])
                end += WATCHED
            time.sleep(0.05)
        said = json.dumps(about["error"])
        return f"its run failed: {said[:300]}" if OURS in said or about["state"] == "lost" else ""

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        try:
            return self._asked(method, path, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            return self._asked(method, path, body)  # the server had closed the connection while it was idle

    def _asked(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        try:
            self._connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (http.client.HTTPException, OSError):
            self._connection.close()  # the next call opens it anew
            raise


def upload(url: str, files: dict[str, bytes]) -> list[str]:
    """The paths that an app gives to files."""
    sent = [("files", (name, data)) for name, data in files.items()]
    answer = httpx.post(f"{url}gradio_api/upload", files=sent)
    answer.raise_for_status()
    return answer.json()


def streams(caller: Caller) -> set[str]:
    """The names of the endpoints that answer more than once."""
    status, text = caller.get("/config")
    assert status == 200
    return {
        one["api_name"] for one in json.loads(text)["dependencies"] if one["api_name"] and one["types"]["generator"]
    }


def endpoints(url: str) -> dict[str, list[str]]:
    """The names of all endpoints of an app, and of their parameters."""
    with Caller(url) as caller:
        status, text = caller.get("/gradio_api/info")
    assert status == 200
    named = json.loads(text)["named_endpoints"]
    return {name.lstrip("/"): [p["parameter_name"] for p in about["parameters"]] for name, about in named.items()}
