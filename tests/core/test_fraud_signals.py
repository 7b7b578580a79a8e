"""Every signal of fraud: the evidence that shows it, and the evidence that does not."""

from __future__ import annotations

import msgspec
import pytest

from perennial.core.customers.disposable import disposable, host_of
from perennial.core.customers.mailbox import mailbox_of
from perennial.core.document.text import parse_text
from perennial.core.fraud import KINDS, Signals, usual_signals
from perennial.core.kinds.fraud_signal import Action, Evidence, Trace, verdict_on

SHOWN = {
    "same_email": Evidence(shared=frozenset({Trace.EMAIL})),
    "same_device": Evidence(shared=frozenset({Trace.DEVICE})),
    "same_address": Evidence(shared=frozenset({Trace.ADDRESS})),
    "same_payment": Evidence(shared=frozenset({Trace.PAYMENT})),
    "not_first_order": Evidence(orders_before=1),
    "disposable_email": Evidence(hosts=frozenset({"mail-for-a-minute.example"})),
    "many_from_ip": Evidence(from_ip={7: 10}),
}


def test_every_kind_is_here() -> None:
    """Nobody adds a kind without its evidence."""
    assert set(SHOWN) == set(KINDS)


@pytest.mark.parametrize("tag", SHOWN)
def test_a_signal_sees_its_evidence_and_no_other(tag: str) -> None:
    """Each kind, as its example writes it, is there for its own evidence alone."""
    data, problems = parse_text(KINDS[tag].example)
    assert problems == []
    signal = msgspec.convert(data, Signals)
    assert [name for name, evidence in SHOWN.items() if signal.is_there(evidence)] == [tag]
    assert not signal.is_there(Evidence())
    assert signal.words(SHOWN[tag]).endswith(".")


def test_nine_from_one_place_are_not_many() -> None:
    """The tenth is the first that is too many, within the days that are looked at."""
    signal = KINDS["many_from_ip"]()
    assert signal.looks_back() == 7
    assert not signal.is_there(Evidence(from_ip={7: 9}))
    assert not signal.is_there(Evidence(from_ip={8: 10}))


def test_hosts_of_throw_away_mailboxes_are_known_by_any_name() -> None:
    """By our list, by what a document adds and takes out, and by whatever lies below; no host is like one."""
    hosts = [host_of(f"ann@{host}") for host in ("Mailinator.com.", "a.mailinator.com", "mymailinator.com")]
    assert disposable(hosts) == ["a.mailinator.com", "mailinator.com"]
    assert disposable(hosts, never=["A.mailinator.com"]) == ["mailinator.com"]
    assert disposable(["x.throw.example", "example"], also=["throw.example"]) == ["x.throw.example"]
    assert disposable(["ok.throw.example"], also=["throw.example"], never=["ok.throw.example"]) == []
    assert disposable([host_of(text) for text in ("", "@mailinator.com", "mailinator.com", "com")]) == []


@pytest.mark.parametrize("host", ["", "com", ".com", "ann@mailinator.com", "a b.com", "a" * 250 + ".com"])
def test_what_is_no_host_is_refused(host: str) -> None:
    """An address or an ending is no host."""
    with pytest.raises(msgspec.ValidationError, match="also"):
        msgspec.convert({"type": "disposable_email", "also": [host]}, Signals)


def test_the_gravest_action_counts() -> None:
    """To reject goes before to review; a signal that is ignored is named all the same."""
    everything = Evidence(shared=frozenset({Trace.EMAIL, Trace.DEVICE}), orders_before=1, from_ip={7: 10})
    verdict = verdict_on(usual_signals(), everything)
    assert verdict.action is Action.REJECT
    assert set(verdict.signals) == {"same_email", "same_device", "not_first_order", "many_from_ip"}
    assert verdict.signals[0] in ("same_email", "not_first_order")
    ignored = msgspec.convert({"type": "same_email", "action": "ignore"}, Signals)
    reviewed = msgspec.convert({"type": "same_device"}, Signals)
    assert verdict_on([ignored, reviewed], everything).signals == ("same_device", "same_email")
    assert verdict_on([ignored], everything).action is Action.IGNORE


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Ann@Example.com", "ann@example.com"),
        ("ann+friend@example.com", "ann@example.com"),
        ("a.n.n@example.com", "a.n.n@example.com"),
        ("a.n.n+x@gmail.com", "ann@gmail.com"),
        ("A.n.N@GoogleMail.com", "ann@gmail.com"),
        ("+@example.com", "+@example.com"),
        ("no address", "no address"),
    ],
)
def test_a_mailbox(address: str, mailbox: str) -> None:
    """What makes no difference to where a message goes makes none here."""
    assert mailbox_of(address) == mailbox
