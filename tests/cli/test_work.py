"""``perennial work``: the job worker alone, and what it shows of itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from tests.codebook import SECRET

HOST = "127.0.0.1"


def _work(url: str, port: int) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PERENNIAL_DATABASE_URL": url,
        "PERENNIAL_SECRET": SECRET.hex(),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "perennial.cli", "work", "--metrics-port", str(port)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def _figures(running: subprocess.Popen[str], port: int) -> str:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/metrics", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert running.poll() is None, running.communicate()[0]
            assert time.monotonic() < until
            time.sleep(0.05)


def _said_until(running: subprocess.Popen[str], last: str) -> str:
    assert running.stdout is not None
    said = ""
    while last not in said:
        line = running.stdout.readline()
        assert line, said
        said += line
    return said


def test_a_worker_of_its_own_shows_its_figures(database_url: str) -> None:
    """Prometheus may read them as long as it runs; a signal ends both."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    running = _work(database_url, port)
    try:
        figures = _figures(running, port)
        assert "perennial_messages_oldest_due_timestamp_seconds 0.0" in figures
        assert "perennial_batch_seconds_count" in figures
        said = _said_until(running, "The job worker runs.")
        running.send_signal(signal.SIGTERM)
        rest, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 0, rest
    assert f"http://{HOST}:{port}/metrics" in said
    assert rest == "Stopped.\n"


def test_a_port_that_is_taken_is_said(database_url: str) -> None:
    """In words, with status 1, before any work is done."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        running = _work(database_url, taken.getsockname()[1])
        said, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "Traceback" not in said
    assert "in use" in said
