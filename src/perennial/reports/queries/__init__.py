"""The reports: an open family, one file per report.

A file declares ``REPORT``: a query with its description, and a formula for each figure. Adding the file
adds the report to the API, to its list, and to the documentation.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from perennial.reports.report import Report


def _find_reports() -> dict[str, Report]:
    """Import every file of this folder and return its report under the report's name."""
    found = [import_module(f"{__name__}.{module.name}").REPORT for module in iter_modules(__path__)]
    return {report.name: report for report in sorted(found, key=lambda report: report.name)}


REPORTS: dict[str, Report] = _find_reports()
"""Every report under its name in addresses."""
