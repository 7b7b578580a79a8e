"""How often a process that handles batches looks for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_ALLOCATIONS = 50_000
"""More than a batch leaves alive at any moment: what it made is gone before anybody looks for it."""


def collect_seldom() -> None:
    """Leave what is loaded by now out of every later search for garbage, and search seldom.

    To be called once, when a process has started. Handling a batch makes many objects and hardly any
    cycle among them, so that looking for cycles often costs a tenth of the time and finds nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 50)


@contextmanager
def loading() -> Iterator[None]:
    """Load modules, and make what stays: nobody looks for garbage meanwhile, nor in it later.

    There is hardly any, and to look for it again and again while more is loaded is a sixth of a start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
