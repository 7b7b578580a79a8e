"""``perennial replay`` as people run it: a process, a summary, a clean audit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.replay.recompute import recompute

_README = Path(__file__).parents[2] / "README.md"
_PERENNIAL = Path(sys.executable).with_name("perennial")


def _run(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PERENNIAL_")}
    return subprocess.run(
        [_PERENNIAL, "replay", "complete-journey", *words],
        env={**kept, "PERENNIAL_DATABASE_URL": url, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_short_replay(database_url: str) -> None:
    """500 baskets of the first 50 households: the summary has the recomputed figures and a clean audit."""
    done = _run(database_url, "--limit", "500", "--members", "50")
    assert done.returncode == 0, done.stdout + done.stderr
    totals = recompute(500, 50)
    cells = [line.split("│") for line in done.stdout.splitlines() if "│" in line]
    rows = {name.strip(): words.strip() for _, name, words, *_ in cells}
    assert rows["members"] == "50"
    assert rows["orders"].startswith(f"500 of {totals.lines:,} lines, {totals.net // 100:,}.")
    assert rows["points issued"] == f"{totals.issued:,}"
    assert rows["points used"].startswith(f"{totals.used:,} in {totals.claims:,} claims")
    assert rows["points expired"] == f"{totals.expired:,}"
    assert rows["liability"].startswith(f"{totals.liability:,} points")
    assert rows["tier mix"] == ", ".join(f"{tier} {n:,}" for tier, n in sorted(totals.tiers.items()))
    assert rows["audit"].endswith("checks, clean")
    assert f"│ {rows['audit']} " in _README.read_text(), "the README shows another audit"
    assert "500/500 baskets" in done.stderr or "500/? baskets" in done.stderr


def test_a_second_replay_has_its_own_sandbox(database_url: str) -> None:
    """Running it again begins again: a clock goes only forward."""
    done = _run(database_url, "--limit", "20")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "20 of " in done.stdout
