"""`aval desk` as a user types it."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx

from aval.settings import ROOT
from tests.service.serving import PATIENCE


def test_the_command_starts_the_screens_on_loopback_and_ends_with_them() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "aval", "desk", "--api", "http://127.0.0.1:9", "--port", str(port)]
    environment = {**os.environ, "AVAL_LENDER": "Banque d'essai"}
    with subprocess.Popen(words, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as running:
        until = time.monotonic() + PATIENCE
        while True:
            assert running.poll() is None, running.stderr and running.stderr.read()
            assert time.monotonic() < until
            try:
                if httpx.get(f"http://127.0.0.1:{port}/_stcore/health", trust_env=False).is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) in (0, -signal.SIGTERM)
        assert running.stderr is not None
        assert running.stderr.read().startswith(f"The desk at http://127.0.0.1:{port}, asking http://127.0.0.1:9")


def test_without_streamlit_one_sentence_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['streamlit'] = None; sys.argv[1:] = ['desk']; from aval.__main__ import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pip install" in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_address_that_is_none_is_refused() -> None:
    words = [sys.executable, "-m", "aval", "desk", "--api", "127.0.0.1:8000"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "http://127.0.0.1:8000" in done.stderr


def test_a_provider_that_is_no_file_is_refused() -> None:
    words = [sys.executable, "-m", "aval", "desk", "--provider", "nowhere.toml"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "docs/desk.md" in done.stderr
