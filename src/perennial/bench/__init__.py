"""Benchmarks: measured on the machine at hand, never part of a test."""
