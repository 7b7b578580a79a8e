"""The command line as people use it: real processes, a real embedded server, a real port.

The first command of a kind is a process of its own. Its next ones run in this one where that changes nothing:
to start Python and to import what a command needs takes longer than most commands do.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from perennial.cli import main
from perennial.store.server.embedded import EmbeddedServer

_PERENNIAL = Path(sys.executable).with_name("perennial")
_PATIENCE = 60


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """An environment with a data folder and a port of its own."""
    with tempfile.TemporaryDirectory(prefix="perennial-cli-") as home, socket.socket() as probe:
        Path(home).chmod(0o755)
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
        probe.close()
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PERENNIAL_")}
        yield {**kept, "PERENNIAL_DATA": f"{home}/data", "PERENNIAL_PORT": port, "COLUMNS": "200"}


def _run(environment: dict[str, str], *words: str, fails: bool = False) -> str:
    done = subprocess.run(
        [_PERENNIAL, *words], env=environment, capture_output=True, text=True, check=False, timeout=_PATIENCE
    )
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def _call(environment: dict[str, str], *words: str, fails: bool = False) -> str:
    """Run a command as ``_run`` does, but in this process, beside the database that runs."""
    said = StringIO()
    with (
        patch.dict(os.environ, environment, clear=True),
        patch.object(sys, "argv", [str(_PERENNIAL), *words]),
        patch.object(signal, "signal"),  # the handlers of the tests stay
        redirect_stdout(said),
        redirect_stderr(said),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert bool(ended.value.code) is fails, said.getvalue()
    return said.getvalue()


def _start(environment: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    """Run ``perennial start`` up to the end of its greeting; return both."""
    process = subprocess.Popen(
        [_PERENNIAL, "start"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines: list[str] = []
    while "customers/customer-1" not in (line := process.stdout.readline()):
        assert line, "".join(lines)
        lines.append(line)
    return process, "".join([*lines, line])


def _stop(process: subprocess.Popen[str], sign: signal.Signals) -> str:
    process.send_signal(sign)
    words, _ = process.communicate(timeout=_PATIENCE)
    return words


@pytest.fixture(scope="module")
def running(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``perennial start`` on nothing, and its greeting; the tests of this file run in their order."""
    process, greeting = _start(environment)
    try:
        yield process, greeting
    finally:
        if process.poll() is None:
            _stop(process, signal.SIGINT)


@pytest.fixture(scope="module")
def database(environment: dict[str, str]) -> Iterator[None]:
    """The database of the data folder runs, so that not every command has to start and stop it."""
    with EmbeddedServer(Path(environment["PERENNIAL_DATA"]), settings={"fsync": "off"}):
        yield


def _commands(greeting: str) -> str:
    return greeting.partition("Three commands to try")[2].partition("\n")[2]


def test_start_greets_with_commands_that_work(
    environment: dict[str, str], running: tuple[subprocess.Popen[str], str]
) -> None:
    """From nothing: the URL, a key and three commands, which do as they say when they are pasted."""
    _, greeting = running
    url = f"http://127.0.0.1:{environment['PERENNIAL_PORT']}"
    assert url in greeting
    pasted = subprocess.run(
        ["bash", "-euc", _commands(greeting)], capture_output=True, text=True, check=True, timeout=_PATIENCE
    )
    decoder = json.JSONDecoder()
    answers: list[dict[str, Any]] = []
    text = pasted.stdout
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].lstrip()
    order, explanation, customer = answers
    assert order["balances"] == [{"program": "points", "wallet": "points", "available": 112, "pending": 0}]
    assert explanation["words"].startswith("points: Earned 100 points.")
    assert customer["wallets"][0]["available"] == 112


def test_a_taken_port_is_said_at_once(
    environment: dict[str, str], running: tuple[subprocess.Popen[str], str]
) -> None:
    """A second server on the same port ends with one line that says why; the first goes on."""
    began = time.monotonic()
    for command in ("start", "serve"):
        words = _run(environment, command, fails=True)
        assert "Perennial listens" not in words
        assert f"port {environment['PERENNIAL_PORT']}: something else does already" in " ".join(words.split())
        assert "Traceback" not in words
    assert time.monotonic() - began < _PATIENCE / 2
    assert running[0].poll() is None


def test_commands_beside_a_running_server(
    environment: dict[str, str], running: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    """Keys, backups and audits work on the data folder while the server uses it."""
    secret = _run(environment, "keys", "create", "demo", "till", "--scope", "write").splitlines()
    assert any(line.startswith("sk_test_") for line in secret)
    listed = _run(environment, "keys", "list", "demo")
    assert " till " in listed
    prefix = next(line for line in secret if line.startswith("sk_test_"))[:14]
    assert f" {prefix} " in listed
    assert "Revoked" in _run(environment, "keys", "revoke", "demo", prefix)
    assert "everything holds" in _run(environment, "audit")
    assert json.loads(_run(environment, "audit", "--json"))["checks"]
    _run(environment, "backup", str(tmp_path / "backup"))
    assert running[0].poll() is None


def test_it_stops_cleanly_and_starts_again(
    environment: dict[str, str], running: tuple[subprocess.Popen[str], str]
) -> None:
    """Ctrl-C and SIGTERM end with status 0 and take the database along; a second start has the data."""
    lock = Path(environment["PERENNIAL_DATA"]) / "postgres" / "postmaster.pid"
    process, first = running
    assert lock.exists()
    assert "Stopped" in _stop(process, signal.SIGINT)
    assert process.returncode == 0
    assert not lock.exists()
    process, second = _start(environment)
    try:
        key = Path(environment["PERENNIAL_DATA"], "demo.key").read_text().strip()
        assert key in first
        assert key in second
        request = urllib.request.Request(
            f"http://127.0.0.1:{environment['PERENNIAL_PORT']}/v1/customers/customer-1",
            headers={"Authorization": f"Bearer {key}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["wallets"][0]["available"] == 112
    finally:
        _stop(process, signal.SIGTERM)
    assert process.returncode == 0
    assert not lock.exists()


def test_backup_and_restore_from_the_command_line(environment: dict[str, str], tmp_path: Path) -> None:
    """What a backup holds is there after a restore into a fresh data folder, audited; not twice."""
    file = str(tmp_path / "backup")
    _run(environment, "backup", file)
    with tempfile.TemporaryDirectory(prefix="perennial-cli-") as home:
        Path(home).chmod(0o755)
        fresh = {**environment, "PERENNIAL_DATA": home}
        assert "everything holds" in _run(fresh, "restore", file)
        assert "Demo" in _run(fresh, "workspaces", "list")
        assert "not empty" in _run(fresh, "restore", file, fails=True)
        assert "another secret" in _run(fresh, "vouchers", "show", "demo", "x", fails=True)
        shutil.copy(Path(environment["PERENNIAL_DATA"], "secret.key"), home)
        assert "no such voucher" in _run(fresh, "vouchers", "show", "demo", "x", fails=True)


_CASE = """
cases:
  - id: ten
    title: An order of 10.00
    steps: [{at: 2027-03-06 12:00, order: {id: o1, lines: [{sku: a, amount: 1000}]}, expect: {earned: 1}}]
"""


def test_programs_as_code(environment: dict[str, str], database: None, tmp_path: Path) -> None:
    """Export, change, plan, apply: the plan says what changes, applying twice changes nothing."""
    text = _run(environment, "export", "demo", "points")
    file = tmp_path / "points.yaml"
    file.write_text(text)
    assert "no change" in _call(environment, "plan", "demo", str(file))
    changed = text.replace("  points: 250", "  points: 300")
    assert changed != text
    file.write_text(changed)
    plan = _call(environment, "plan", "demo", str(file))
    assert "250" in plan
    assert "300" in plan
    assert "version 2" in _call(environment, "apply", "demo", str(file), "--note", "more")
    assert "unchanged" in _call(environment, "apply", "demo", str(file))
    file.write_text(changed + _CASE)
    assert "earned should be 1 but is" in _call(
        environment, "plan", "demo", str(file), "--no-check", fails=True
    )
    assert "version 3" in _call(environment, "apply", "demo", str(file), "--despite-cases")
    file.write_text(text + "\nnonsense: 1\n")
    assert "nonsense" in _call(environment, "plan", "demo", str(file), fails=True)


def test_the_stop_button(environment: dict[str, str], database: None) -> None:
    """Stop, list, resume; a mistake is said in words, with the field that is wrong."""
    assert "Nothing is off" in _run(environment, "switches", "demo")
    stopped = _call(environment, "stop", "demo", "reward", "points/five-off", "--reason", "it leaked [1]")
    assert "reward five-off (it leaked [1])" in stopped
    assert "everything" in _call(environment, "stop", "demo", "everything", "--reason", "fraud")
    listed = _call(environment, "switches", "demo")
    assert "reward/points/five-off" in listed
    assert "it leaked [1]" in listed
    assert "On: everything." in _call(environment, "resume", "demo", "everything", "--reason", "mended")
    resumed = ("resume", "demo", "reward", "points/five-off", "--reason", "mended")
    assert _call(environment, *resumed) == _call(environment, *resumed)
    assert "Nothing is off" in _call(environment, "switches", "demo")
    wrong = _call(environment, "stop", "demo", "rule", "points/nothing", "--reason", "x", fails=True)
    assert wrong.count("program points has no rule 'nothing'") == 1
    assert "Traceback" not in wrong
    assert "--reason" in _call(environment, "stop", "demo", "everything", fails=True)


def test_codes_from_the_command_line(environment: dict[str, str], database: None, tmp_path: Path) -> None:
    """A pool is made, exported, and looked up; a file is imported, and its wrong lines are told."""
    made = _run(environment, "vouchers", "create", "demo", "free-shipping", "--count", "300", "--id", "b1")
    assert "300 codes of points/free-shipping are there" in made
    again = _call(environment, "vouchers", "create", "demo", "free-shipping", "--count", "300", "--id", "b1")
    assert "were made before" in again
    lines = _call(environment, "vouchers", "export", "demo", "b1").splitlines()
    assert lines[0] == "code,state,used,uses,starts_at,expires_at,customer"
    assert len(set(lines)) == 301
    code = lines[1].partition(",")[0]
    assert "issued" in _call(environment, "vouchers", "show", "demo", code.lower())
    file = tmp_path / "codes.csv"
    file.write_text(f"code\nPRINTED-1\n{code}\nPRINTED-2\n")
    words = ("vouchers", "import", "demo", "points/free-shipping", str(file), "--id", "b2")
    told = _call(environment, *words, fails=True)
    assert "line 2: another voucher has this code" in told
    assert "2 codes of points/free-shipping are there, in batch b2." in told
    target = tmp_path / "out.csv"
    _call(environment, "vouchers", "export", "demo", "b2", "--file", str(target))
    assert target.stat().st_mode & 0o777 == 0o600
    assert {line.partition(",")[0] for line in target.read_text().splitlines()[1:]} == {
        "PRINTED-1",
        "PRINTED-2",
    }
    file.write_text("A,anna\nB\n")
    assert "row 2" in _call(environment, *words[:-1], "b3", fails=True)
    program = tmp_path / "points.yaml"
    program.write_text(_call(environment, "export", "demo", "points").replace("WELCOME10", "printed-1"))
    for command in (
        ("plan", "demo", str(program), "--no-check"),
        ("apply", "demo", str(program), "--despite-cases"),
    ):
        assert "the code of a voucher already" in _call(environment, *command, fails=True)


def test_another_secret_is_refused(environment: dict[str, str], database: None) -> None:
    """The codes of a database are found under one secret alone: with another one nothing begins."""
    other = {**environment, "PERENNIAL_SECRET": "ab" * 32}
    told = _call(other, "vouchers", "show", "demo", "x", fails=True)
    assert "stored under another secret" in told
    assert "Traceback" not in told
    kept = Path(environment["PERENNIAL_DATA"], "secret.key")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_text().strip() not in told
    assert "everything holds" in _call(other, "audit")


def test_mistakes_are_one_line(environment: dict[str, str], database: None) -> None:
    """A wrong variable, an unknown workspace: words without a traceback, and status 1."""
    wrong = {**environment, "PERENNIAL_PORT": "many"}
    assert "PERENNIAL_PORT is a whole number from 1 to 65535" in _call(wrong, "serve", fails=True)
    unknown = _call(environment, "keys", "list", "nobody", fails=True)
    assert "nobody" in unknown
    assert "Traceback" not in unknown
    closed = {**environment, "PERENNIAL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    refused = _call(closed, "audit", fails=True)
    assert "error:" in refused
    assert "Traceback" not in refused
