"""``make lighthouse``: performance and accessibility of the console, each the median of five runs.

Prints JSON. It measures a server of its own with the shop of the tests on it, by the Chromium of the machine
and with Lighthouse's settings for a desk, where the console is used; ``--form-factor mobile`` takes those
for a phone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tests.e2e.shop import ROOT, SANDBOX, Shop, found
from tests.http.process import process_of_its_own

_LIGHTHOUSE = (
    sys.executable,
    ROOT / "web" / "npm.py",
    "--prefix",
    "tools/lighthouse",
    "exec",
    "--",
    "lighthouse",
)
_CHROMIUM = "/usr/bin/chromium"  # the whole browser, as people have it
_TRIES = 5
_CATEGORIES = ("performance", "accessibility")
_PAGES = {
    "sign-in": "/sign-in",
    "home": f"/{SANDBOX}",
    "members": f"/{SANDBOX}/members",
    "program editor": f"/{SANDBOX}/programs/points",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--form-factor", choices=("desktop", "mobile"), default="desktop")
    parser.add_argument("--reports", type=Path, help="a folder for Lighthouse's own reports")
    asked = parser.parse_args()
    with process_of_its_own() as port:
        shop = found(f"http://127.0.0.1:{port}")
        pages = {name: _measured(shop, name, asked) for name in _PAGES}
    print(json.dumps({"runs": asked.runs, "form_factor": asked.form_factor, "pages": pages}, indent=2))


def _measured(shop: Shop, name: str, asked: argparse.Namespace) -> dict[str, Any]:
    runs = [_run(shop, name, number, asked) for number in range(asked.runs)]
    medians = {each: median(run[each] for run in runs) for each in _CATEGORIES}
    print(name, medians, file=sys.stderr)
    return {**medians, "runs": runs}


def _run(shop: Shop, name: str, number: int, asked: argparse.Namespace) -> dict[str, int]:
    command: list[str | Path] = [
        *_LIGHTHOUSE,
        f"{shop.url}/console{_PAGES[name]}",
        "--quiet",
        "--output=json",
    ]
    command.append(f"--only-categories={','.join(_CATEGORIES)}")
    command.append("--chrome-flags=--headless=new --no-sandbox --disable-gpu --disable-quic")
    if asked.form_factor == "desktop":
        command.append("--preset=desktop")
    if name != "sign-in":
        command.append(f"--extra-headers={json.dumps({'Cookie': f'perennial_session={shop.cookie}'})}")
    output = _output(command)
    report = json.loads(output)
    if asked.reports is not None:
        asked.reports.mkdir(parents=True, exist_ok=True)
        (asked.reports / f"{name.replace(' ', '-')}-{number}.json").write_text(output)
    return {each: round(100 * report["categories"][each]["score"]) for each in _CATEGORIES}


def _output(command: list[str | Path]) -> str:
    """What Lighthouse prints; a trace that Chromium did not record whole is asked for again, as it says."""
    for _ in range(_TRIES):
        done = subprocess.run(
            command,
            env={**os.environ, "CHROME_PATH": _CHROMIUM},
            capture_output=True,
            text=True,
            check=False,
        )
        if not done.returncode:
            return done.stdout
        print(done.stderr, file=sys.stderr)
    raise SystemExit(f"Lighthouse failed {_TRIES} times.")


if __name__ == "__main__":
    main()
