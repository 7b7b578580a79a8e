"""The kinds of earning rule: an open family, one file per kind.

A kind is a file of this folder with one subclass of :class:`~perennial.core.rule.EarningRule`. Its
``tag`` is its name in documents; its fields are its form; its ``earn`` is its arithmetic. Adding the
file adds the kind everywhere.
"""
