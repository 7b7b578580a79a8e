"""The build hook: a wheel carries the console, built from its sources, so that a server needs no Node.

An editable install carries nothing: a checkout has the build beside the source, where ``make setup`` puts it.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_BUILD = "web/apps/console/dist"


class ConsoleHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the console and puts it into the package."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Name the Node that comes from PyPI, where the machine has none that is new enough."""
        runner = _runner(Path(self.root))
        return [] if runner.node_on_path() else [runner.NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the console before the wheel is put together."""
        if self.target_name != "wheel" or version == "editable":
            return
        runner = _runner(Path(self.root))
        for command in (("ci",), ("run", "build")):
            if runner.npm(*command):
                raise RuntimeError(f"The console could not be built: npm {' '.join(command)} failed.")
        build_data["force_include"][_BUILD] = "perennial/console"


def _runner(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("console_npm", root / "web" / "npm.py")
    assert spec is not None and spec.loader is not None, "web/npm.py is part of the source"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
