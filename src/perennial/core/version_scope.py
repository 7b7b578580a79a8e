"""The facts of a snapshot as the tree walk reads them: for explanations, and for rewards' conditions."""

from __future__ import annotations

from perennial.core.conditions.scope import Scope, attributes_of
from perennial.core.events import CustomEvent, Event
from perennial.core.orders.order import Order
from perennial.core.snapshot import Snapshot
from perennial.core.version import Version
from perennial.units import Instant, Minor


def scope_of(
    version: Version,
    snapshot: Snapshot,
    at: Instant,
    *,
    event: Event | None = None,
    order: Order | None = None,
    nets: list[Minor] | None = None,
) -> Scope:
    """Return the scope in which the version's conditions are walked at ``at``.

    ``order`` (in the program's currency) and its ``nets`` are given where the event is a paid order;
    without an event every fact of an event is missing.
    """
    name = None
    if event is not None:
        name = event.name if isinstance(event, CustomEvent) else str(event.__struct_config__.tag)
    return Scope(
        facts=version.facts,
        zone=version.zone,
        at=at,
        order=order,
        nets=nets or [],
        event_name=name,
        event=attributes_of(event) if event is not None else {},
        member=dict(zip(version.attributes, snapshot.attributes, strict=True)),
        joined_at=snapshot.joined_at,
        tier=snapshot.tier,
        segments=snapshot.segments,
        wallets={
            wallet.spec.id: figures for wallet, figures in zip(version.wallets, snapshot.wallets, strict=True)
        },
        challenges={
            compiled.challenge.id: figures
            for compiled, figures in zip(version.challenges, snapshot.challenges, strict=False)
        },
        variants={
            compiled.trial.id: variant
            for compiled, variant in zip(version.trials, snapshot.variants, strict=False)
            if variant
        },
        history=lambda node: snapshot.history[version.histories[node]],
        referral_count=0 if version.referral_limit is None else snapshot.used[version.referral_limit],
        location=dict(zip(version.location_attributes, snapshot.location, strict=False)),
    )
