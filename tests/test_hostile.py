"""What unkind strangers send: no answer may be a trace or a file, and the app goes on."""

from pathlib import Path

import httpx
import pytest
from gradio.utils import get_upload_folder

from engines.running.runs import Runs
from tests.fuzz import MODEL, SECRET, Caller, endpoints, hostile_calls, small_files, upload
from tests.served import served
from tests.tiny_models import save_llama

CALLS = 12  # an endpoint; python -m tests.hostile --calls 500 makes more, and benchmarks/public.py beside a crowd
PATHS = [
    "/file=/etc/passwd",
    "/file=../../../../../../etc/passwd",
    "/file/etc/passwd",
    "/gradio_api/file=/etc/passwd",
    "/gradio_api/file=//etc/passwd",
    "/gradio_api/file=../../../../../../../../etc/passwd",
    "/gradio_api/file=..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/gradio_api/file=%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/gradio_api/file=/proc/self/environ",
    "/gradio_api/file=app.py",
    "/gradio_api/file=APP.PY",
    "/gradio_api/file=./app.py",
    "/gradio_api/file=file:///etc/passwd",
    "/gradio_api/file=http://127.0.0.1:9/",
    "/gradio_api/file=\\\\127.0.0.1\\share",
    "/gradio_api/proxy=http://127.0.0.1:9/",
    "/proxy=http://127.0.0.1:9/",
    "/gradio_api/stream/x/../../../etc/passwd",
    "/static/../../../../../../../../etc/passwd",
    "/static/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/static//etc/passwd",
    "/assets/../../../../../../../../etc/passwd",
    "/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/svelte/../../../../../../../../etc/passwd",
    "/custom_component/x/../../../../etc/passwd",
    "/gradio_api/custom_component/x/client/type/..%2f..%2f..%2fetc%2fpasswd",
    "/theme.css/../../../../etc/passwd",
    "/cdn/..%2f..%2f..%2fetc%2fpasswd",
    "/../../../../../../etc/passwd",
    "//etc/passwd",
]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """An app that keeps its runs, with a tiny language model and no way to fetch another."""
    cache = tmp_path_factory.mktemp("cache")
    save_llama(cache / "models" / MODEL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIGC_CACHE", str(cache))
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
        patch.setenv("PIP_NO_INDEX", "1")
        with served(Runs(folder=tmp_path_factory.mktemp("runs"))) as (address, _):
            yield address


@pytest.fixture
def caller(url):
    with Caller(url) as one:
        yield one


@pytest.mark.slow
@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_hostile_calls_get_clear_answers(url, caller):
    bad, files = [], upload(url, small_files())
    for endpoint, parameters in endpoints(url).items():
        for data in hostile_calls(endpoint, parameters, CALLS, files=files):
            fault = caller.fault(endpoint, data)
            if fault:
                bad.append(f"{endpoint}({str(data)[:200]}): {fault}")
    assert not bad, "\n".join(bad)
    assert caller.get("/health")[0] == 200
    status, samples = caller.call("gan_samples", ["example", 1, -1])
    assert (status, samples["data"][0]["path"].endswith("samples-1.png")) == (200, True)


@pytest.mark.parametrize("path", PATHS)
def test_known_path_traversals_get_nothing(caller, path):
    status, text = caller.get(path)
    assert SECRET not in text
    assert "create_app" not in text  # of app.py
    assert status >= 300 or "<!doctype html" in text.lower(), (status, text[:200])  # the page itself is no secret


@pytest.mark.parametrize("name", ["../../../tmp/evil.txt", "..\\evil.txt", "/etc/evil", "a\x00b.png", "x" * 300])
def test_an_uploads_name_leads_nowhere(url, name, tmp_path):
    answer = httpx.post(f"{url}gradio_api/upload", files={"files": (name, b"hello")})
    if answer.status_code == 200:
        path = answer.json()[0]
        assert Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve()), path
    else:
        assert "Traceback" not in answer.text


def test_gradios_own_inner_functions_are_not_for_strangers(url):
    body = {"component_id": "1", "data": "/etc/passwd", "fn_name": "move_resource_to_block_cache", "session_hash": "x"}
    answer = httpx.post(f"{url}gradio_api/component_server", json=body)
    assert answer.status_code >= 400
    assert SECRET not in answer.text
