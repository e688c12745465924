"""The Cores a machine came by."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.domain.ways import LONGEST, circle, way_of

IDS = st.sampled_from([f"{n:02}" for n in range(60)])
SAID = st.lists(st.tuples(IDS, st.text(max_size=3)), max_size=80)


def test_each_hop_names_itself_behind_those_before() -> None:
    at_b = way_of([], "a", "munich")
    at_c = way_of(at_b, "b", "oslo")
    assert at_c == (("a", "munich"), ("b", "oslo"))
    assert circle(at_c, ["x"]) is None
    assert circle(at_c, ["x", "a"]) == "munich"


@given(SAID, IDS)
def test_whatever_a_sender_says_the_way_ends_with_it_and_stays_short(said: list[tuple[str, str]], sender: str) -> None:
    way = way_of([*said, ("lonely",)], sender, "sender")
    ids = [id for id, _ in way]
    assert way[-1] == (sender, "sender")
    assert len(set(ids)) == len(ids) <= LONGEST
    assert set(ids) <= {id for id, _ in said} | {sender}
