"""Hosts that give a mailbox to anybody for some minutes: an address there tells of no person.

The list is short on purpose: hosts that have been there for years and are for nothing else. A program adds
those that it meets; see ``core/fraud/disposable_email.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

_LISTED = """
10mail.org 10minutemail.co.uk 10minutemail.com 10minutemail.net 1secmail.com 1secmail.net 1secmail.org
20minutemail.com 33mail.com anonbox.net anonymbox.com armyspy.com bccto.me binkmail.com bobmail.info
burnermail.io cuvox.de dayrep.com deadaddress.com dispostable.com dodgit.com dropmail.me einrot.com
emailondeck.com emailtemporanea.com fakeinbox.com fakemail.net fleckens.hu getairmail.com getnada.com
grr.la guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net
guerrillamail.org guerrillamailblock.com gustr.com harakirimail.com inboxbear.com inboxkitten.com
incognitomail.org jetable.org jourrapide.com mail-temporaire.fr mailcatch.com maildrop.cc mailexpire.com
mailforspam.com mailinater.com mailinator.com mailinator.net mailinator2.com mailnesia.com mailnull.com
mailpoof.com mailsac.com mailtemp.net meltmail.com mintemail.com minuteinbox.com moakt.com mohmal.com
mt2015.com mytemp.email mytrashmail.com nada.email no-spam.ws nowmymail.com objectmail.com one-
time.email onetimemail.org owlymail.com pokemail.net proxymail.eu rhyta.com safetymail.info
sharklasers.com shitmail.me sogetthis.com spam4.me spambog.com spambox.us spamdecoy.net spamex.com
spamfree24.org spamgourmet.com spamhole.com spaml.com spamspot.com superrito.com teleworm.us temp-
mail.io temp-mail.org tempail.com tempinbox.com tempmail.com tempmail.de tempmail.dev tempmail.net
tempmail.plus tempmailo.com temporary-mail.net tempr.email thankyou2010.com throwam.com
throwawaymail.com tmail.ws tmpmail.net tmpmail.org trash-mail.com trash-mail.de trashmail.com
trashmail.de trashmail.me trashmail.net trashymail.com tyldd.com wegwerfemail.de wegwerfmail.de
wegwerfmail.net wegwerfmail.org yopmail.com yopmail.fr yopmail.net zetmail.com
"""
_HOSTS = frozenset(_LISTED.split())


def host_of(address: str) -> str:
    """Return the host of an e-mail address, as hosts are compared; empty where it is no address."""
    name, at, host = address.strip().casefold().rpartition("@")
    return host.rstrip(".") if at and name else ""


def disposable(hosts: Iterable[str], also: Collection[str] = (), never: Collection[str] = ()) -> list[str]:
    """Return those of ``hosts`` that are disposable, by our list and ``also``, but for ``never``.

    Whatever lies below a listed host is it too; the nearest name that is listed decides.
    """
    more, fine = _plain(also), _plain(never)
    return sorted({host for host in hosts if _is_listed(host, more, fine)})


def _is_listed(host: str, more: frozenset[str], fine: frozenset[str]) -> bool:
    while host:
        if host in fine:
            return False
        if host in more or host in _HOSTS:
            return True
        host = host.partition(".")[2]
    return False


def _plain(hosts: Iterable[str]) -> frozenset[str]:
    return frozenset(host.strip().casefold().strip(".") for host in hosts)
