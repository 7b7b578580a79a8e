"""``python -m perennial.cli`` is the same as ``perennial``."""

from perennial.cli import main

main()
