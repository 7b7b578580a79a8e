"""Every link inside the documents leads somewhere, and every document is found from the map."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.documents import ROOT, anchors, documents, links

_MAP = ROOT / "docs" / "README.md"


def inside(path: Path) -> list[tuple[str, Path, str]]:
    """Return the links of a document that stay inside: as written, the file, the anchor."""
    found = []
    for link in links(path):
        if "://" in link or link.startswith("mailto:"):
            continue
        file, _, anchor = link.partition("#")
        found.append((link, (path.parent / file).resolve() if file else path, anchor))
    return found


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """The file is there, inside of the project, and has the heading that the link names."""
    for link, file, anchor in inside(path):
        assert file.exists(), link
        assert file.is_relative_to(ROOT), link
        if anchor:
            assert anchor in anchors(file), link


def test_every_document_is_on_the_map() -> None:
    """From ``docs/README.md`` every document under ``docs/`` is one step away."""
    listed = {file for _, file, _ in inside(_MAP)}
    under = {path for path in documents() if path.is_relative_to(ROOT / "docs")} - {_MAP}
    assert under - listed == set()


def test_the_map_names_every_document_once_and_decisions_by_number() -> None:
    """A line that two changes have each added is there twice, and who reads it wonders which one holds."""
    named = [file for _, file, anchor in inside(_MAP) if not anchor and file != ROOT / "ARCHITECTURE.md"]
    assert [file for file in set(named) if named.count(file) > 1] == []
    decisions = [file.name for file in named if file.parent.name == "decisions"]
    assert decisions == sorted(decisions)
