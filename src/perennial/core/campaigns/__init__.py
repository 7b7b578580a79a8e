"""Campaigns in time: where each stands, and the calendar of a program."""
