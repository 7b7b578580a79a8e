"""Perennial: a self-hosted loyalty platform on an exact ledger and a pure decision core."""

__version__ = "0.1.0"
