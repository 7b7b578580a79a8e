"""Which mailbox an e-mail address leads to: several addresses may be one person's."""

from __future__ import annotations

_WITHOUT_DOTS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
"""Hosts for which dots in a name do not count, with the name that they have in common."""


def mailbox_of(address: str) -> str:
    """Return the mailbox of an e-mail address: what stands behind a plus sign is not part of it.

    Of a text that is no address, the text in lower case.
    """
    name, at, host = address.strip().casefold().rpartition("@")
    if not at or not name:
        return host
    name = name.split("+", 1)[0] or name
    host = host.rstrip(".")
    if host in _WITHOUT_DOTS:
        name, host = name.replace(".", "") or name, _WITHOUT_DOTS[host]
    return f"{name}@{host}"
