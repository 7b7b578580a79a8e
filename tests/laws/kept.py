"""What is kept beside the attributes of generated members: consents, and when facts become stale."""

from __future__ import annotations

from hypothesis import strategies as st

from perennial.core.customers.consents import CONSENTS_KEPT
from perennial.core.orders.order import Scalar
from perennial.core.terms.conditions import Operand, Operator

__all__ = ["CONSENTED", "CONSENTS_KEPT", "consents_asked", "consents_given", "stale_from"]

CONSENTED = ("email.marketing", "email.news", "sms.marketing", "in_app.night_marketing")

consents_asked: st.SearchStrategy[tuple[Operator, Operand]] = st.one_of(
    st.tuples(st.just(Operator.CONTAINS), st.sampled_from(CONSENTED)),
    st.tuples(
        st.sampled_from([Operator.IN, Operator.NOT_IN]),
        st.lists(st.sampled_from(CONSENTED), min_size=1, max_size=3, unique=True).map(tuple),
    ),
    st.tuples(st.just(Operator.EXISTS), st.booleans()),
)

consents_given: st.SearchStrategy[Scalar] = (
    st.lists(st.sampled_from(CONSENTED), min_size=1, unique=True).map(sorted).map(",".join) | st.none()
)

stale_from: st.SearchStrategy[Scalar] = st.sampled_from([-1, 0, 1, 1]) | st.none()
