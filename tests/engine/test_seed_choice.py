"""Which images go on a drive: pure arithmetic."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.replication import Holding, Reservation, SourceImage, Withheld, WithheldReason
from console.domain.seeds import SeedState
from console.engine.seed.choice import Chains, choose, held_back_sentences


def images(text: str) -> list[SourceImage]:
    """`"a b<a c<b"`: images named a, b with parent a, c with parent b, in that order of time."""
    made = []
    for number, word in enumerate(text.split()):
        name, _, parent = word.partition("<")
        made.append(SourceImage(f"p{name}", name, parent or None, number))
    return made


def held(names: str) -> dict[str, Holding]:
    return {name: Holding(name, here=True, whole=True, names=True) for name in names}


def steps(text: str, wanted: str | None, there: str | None, chains: str = "whole", elsewhere: str = "") -> str:
    """Images on the drive in order; with a star those that carry all their names."""
    plan = choose(
        images(text),
        wanted,
        None if there is None else held(there),
        {name: Reservation("other", SeedState.OUTSTANDING) for name in elsewhere},
        Chains(chains),
    )
    return " ".join(step.image + ("*" if step.names else "") for step in plan.steps)


CHAIN = "a b<a c<b d<c"


def test_all_that_the_target_lacks() -> None:
    assert steps(CHAIN, None, "") == "a b c d"
    assert steps(CHAIN, None, "ab") == "c d"
    assert steps(CHAIN, None, "abcd") == ""
    assert steps(CHAIN, None, None) == "a b c d", "nobody to ask: everything"


def test_what_is_set_aside_brings_its_chain() -> None:
    assert steps(CHAIN, "a", "") == "a"
    assert steps(CHAIN, "c", "") == "a b c"
    assert steps(CHAIN, "c", "ab") == "c"
    assert steps(CHAIN, "ab", "cd") == "a b"


def test_what_was_set_aside_is_trusted_when_the_target_cannot_be_asked() -> None:
    assert steps(CHAIN, "c", None) == "c*", "its parent was at the target when it was set aside; who knows about names"
    assert steps(CHAIN, "ab", None) == "a b"


def test_the_latest_point_comes_with_its_chain_only() -> None:
    two = "a b<a x y<x"
    assert steps(two, None, "", "latest") == "x y"
    assert steps(two, "abx", "", "latest") == "x"
    assert steps(two, None, "x", "latest") == "y"
    assert steps(two, "ab", None, "latest") == "a b"


def test_what_is_on_its_way_on_another_drive_is_left_out() -> None:
    assert steps(CHAIN, None, "", elsewhere="ab") == "c* d"


def test_what_cannot_be_read_here_is_left_out() -> None:
    broken = [SourceImage("p1", "a", None, 1), SourceImage("p2", "b", "a", 2, here=False), *images("c<b")]
    plan = choose(broken, None, {}, {}, Chains.WHOLE)
    assert [step.image for step in plan.steps] == ["a", "c"]


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_parents_first_and_nothing_twice(data: st.DataObject) -> None:
    letters = "abcdefghijkl"[: data.draw(st.integers(1, 12))]
    made = []
    for number, name in enumerate(letters):
        parent = data.draw(st.sampled_from([None, *letters[:number]]))
        made.append(SourceImage(f"p{name}", name, parent, data.draw(st.integers(0, 5))))
    names = st.sets(st.sampled_from(letters))
    wanted = data.draw(st.one_of(st.none(), names))
    there = data.draw(st.one_of(st.none(), names))
    plan = choose(made, wanted, None if there is None else held("".join(there)), {}, Chains.WHOLE)
    order = [step.image for step in plan.steps]
    assert len(set(order)) == len(order)
    parents = {image.image: image.parent for image in made}
    for image in order:
        parent = parents[image]
        assert parent not in order or order.index(parent) < order.index(image)
    if there is None:
        return
    assert not there.intersection(order)
    for start in wanted or ():
        image = start
        while image is not None:
            assert image in order or image in there
            image = parents[image]


def test_what_is_left_out_is_said_once_for_each_reason() -> None:
    withheld = [Withheld(f"p{n}", f"i{n}", WithheldReason.ON_SEED, "ab" * 16) for n in range(3)]
    withheld.append(Withheld("p", "i", WithheldReason.DAMAGED_HERE, ""))
    withheld += [Withheld("p", f"t{n}", WithheldReason.AT_TARGET, "") for n in range(2)]
    told = dict(held_back_sentences("mail-01", withheld))
    assert len(told) == 3
    assert told[WithheldReason.ON_SEED] == (
        "“mail-01”: 3 images are not written, because they are on the seed drive abababab."
    )
    assert told[WithheldReason.DAMAGED_HERE].startswith("“mail-01”: 1 image is not written")
