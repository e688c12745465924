"""The rules of the conversation: versions, pairing, offers, and one step cut at every point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed, FailureKind
from console.domain.objects import ID_SIZE, ZERO_ID
from console.domain.pairing import CoreIdentity, Direction, Pairing, PairingState
from console.domain.roles import Role
from console.wire.conversation import (
    OFFER_MAX,
    PROTOCOL,
    Call,
    Said,
    batches,
    check_source,
    check_target,
    decode_ids,
    decode_missing,
    encode_ids,
    encode_missing,
    judge_pairing,
    negotiate,
    release,
    step,
)
from console.wire.messages import Hello, PairRequest

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SOURCE = CoreIdentity("a" * 32, "laptop", "1.4.0", "AA", 1)
TARGET = CoreIdentity("b" * 32, "office", "1.4.0", "BB", 1)


# ---------------------------------------------------------------------------------------------- versions


@pytest.mark.parametrize(
    ("ours", "theirs", "spoken"),
    [((1, 1), (1, 1), 1), ((1, 3), (2, 5), 3), ((2, 5), (1, 3), 3), ((1, 5), (5, 9), 5), ((4, 4), (1, 9), 4)],
)
def test_the_newest_that_both_speak(ours: tuple[int, int], theirs: tuple[int, int], spoken: int) -> None:
    assert negotiate(ours, theirs, names=("a", "b")) == spoken


@pytest.mark.parametrize(("ours", "theirs"), [((1, 1), (2, 2)), ((3, 5), (1, 2)), ((1, 4), (5, 5))])
def test_ranges_that_do_not_meet(ours: tuple[int, int], theirs: tuple[int, int]) -> None:
    with pytest.raises(Failed) as raised:
        negotiate(ours, theirs, names=("“laptop”", "“office”"))
    failure = raised.value.failure
    assert (failure.code, failure.kind) == ("incompatible", FailureKind.REFUSED)
    assert str(ours[1]) in failure.message
    assert str(theirs[1]) in failure.message
    older = "“laptop”" if ours[1] < theirs[1] else "“office”"
    assert failure.hint.startswith(f"Update {older}")


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("1.2.3", (1, 2, 3)),
        ("1.10", (1, 10)),
        ("2.0.0", (2,)),
        ("0.1.0.dev4+g12ab", (0, 1)),
        ("1.2rc1", (1, 2)),
        ("v3.1", (3, 1)),
        ("", ()),
        ("unknown", ()),
        ("1." + "9" * 5000, (1, 999_999_999)),
    ],
)
def test_releases(version: str, numbers: tuple[int, ...]) -> None:
    assert release(version) == numbers


@pytest.mark.parametrize(
    ("source", "target", "refused"),
    [("1.4.0", "1.4.0", False), ("1.4", "1.4.0", False), ("1.4.0", "1.10.0", False), ("1.4.0", "2.0", False),
     ("1.4.1", "1.4", True), ("1.10.0", "1.9.9", True), ("2.0", "1.99", True), ("1.4.0", "1.4.0.dev1", False)],
)  # fmt: skip
def test_a_target_is_not_older_than_its_source(source: str, target: str, refused: bool) -> None:
    me, other = replace(SOURCE, version=source), replace(TARGET, version=target)
    if not refused:
        assert check_target(me, Hello(other, 1, NOW)) == check_source(other, me) == 1
        return
    for check in (lambda: check_target(me, Hello(other, 1, NOW)), lambda: check_source(other, me)):
        with pytest.raises(Failed) as raised:
            check()
        assert raised.value.failure.code == "target-older"
        assert source in raised.value.failure.message
        assert target in raised.value.failure.message


def test_a_core_is_not_its_own_target() -> None:
    for check in (lambda: check_target(SOURCE, Hello(SOURCE, 1, NOW)), lambda: check_source(SOURCE, SOURCE)):
        with pytest.raises(Failed, match="target-is-this-core"):
            check()


def test_protocols_that_do_not_meet_are_refused_on_both_sides() -> None:
    with pytest.raises(Failed, match="incompatible"):
        check_target(SOURCE, Hello(replace(TARGET, protocol=PROTOCOL + 5), PROTOCOL + 1, NOW))
    with pytest.raises(Failed, match="incompatible"):
        check_source(TARGET, replace(SOURCE, protocol=PROTOCOL + 1))
    assert check_target(SOURCE, Hello(replace(TARGET, protocol=PROTOCOL + 5), PROTOCOL, NOW)) == PROTOCOL


# ----------------------------------------------------------------------------------------------- pairing


def request(name: str = "laptop", source: CoreIdentity = SOURCE) -> PairRequest:
    return PairRequest("anna", "secret", source, "pem", name)


def incoming(
    name: str = "laptop", core: str = "a" * 32, fingerprint: str = "AA", state: PairingState = PairingState.ACTIVE
) -> Pairing:
    peer = replace(SOURCE, id=core, fingerprint=fingerprint)
    return Pairing("1" * 32, Direction.INCOMING, name, peer, "pem", NOW, state=state)


def code_of(raised: pytest.ExceptionInfo[Failed]) -> str:
    return raised.value.failure.code


def test_a_new_source_is_taken() -> None:
    others = [incoming("desk", "d" * 32, "DD")]
    assert judge_pairing(TARGET, request(), "AA", Role.ADMINISTRATOR, others) is None


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.HELPDESK])
def test_only_administrators_pair(role: Role) -> None:
    with pytest.raises(Failed) as raised:
        judge_pairing(TARGET, request(), "AA", role, [incoming()])
    assert code_of(raised) == "not-administrator"


@pytest.mark.parametrize("state", list(PairingState))
def test_who_repeats_itself_gets_its_pairing(state: PairingState) -> None:
    known = incoming(state=state)
    assert judge_pairing(TARGET, request("another name"), "AA", Role.ADMINISTRATOR, [known]) is known


def test_the_same_core_under_another_certificate_is_refused() -> None:
    with pytest.raises(Failed) as raised:
        judge_pairing(TARGET, request(), "A2", Role.ADMINISTRATOR, [incoming()])
    assert code_of(raised) == "already-paired"


def test_it_is_taken_when_that_pairing_was_removed() -> None:
    gone = incoming("old name", state=PairingState.REMOVED)
    assert judge_pairing(TARGET, request(), "A2", Role.ADMINISTRATOR, [gone]) is None


def test_two_sources_have_two_names() -> None:
    with pytest.raises(Failed) as raised:
        judge_pairing(TARGET, request("desk"), "AA", Role.ADMINISTRATOR, [incoming("desk", "d" * 32, "DD")])
    assert code_of(raised) == "name-taken"
    assert judge_pairing(TARGET, request(""), "AA", Role.ADMINISTRATOR, [incoming("", "d" * 32, "DD")]) is None


def test_outgoing_pairings_are_another_matter() -> None:
    outgoing = replace(incoming(), direction=Direction.OUTGOING)
    assert judge_pairing(TARGET, request(), "AA", Role.ADMINISTRATOR, [outgoing]) is None


def test_who_may_not_pair_learns_nothing_else() -> None:
    itself = request(source=replace(TARGET, protocol=99))
    with pytest.raises(Failed) as raised:
        judge_pairing(TARGET, itself, "AA", Role.HELPDESK, [])
    assert code_of(raised) == "not-administrator"


# ------------------------------------------------------------------------------------------------ offers

ids_of_objects = st.lists(st.binary(min_size=ID_SIZE, max_size=ID_SIZE).filter(lambda oid: oid != ZERO_ID), max_size=40)


@settings(deadline=None, max_examples=50)
@given(ids=ids_of_objects, data=st.data())
def test_offers_and_answers_survive(ids: list[bytes], data: st.DataObject) -> None:
    lacking = set(data.draw(st.lists(st.sampled_from(ids)))) if ids else set()
    assert decode_ids(encode_ids(ids)) == ids
    answer = encode_missing(ids, lacking)
    assert len(answer) == len(ids)
    assert decode_missing(ids, answer) == [oid for oid in ids if oid in lacking]


@pytest.mark.parametrize("raw", [b"x", b"x" * 31, b"x" * 33, ZERO_ID, b"x" * 32 + ZERO_ID])
def test_what_is_no_offer_is_refused(raw: bytes) -> None:
    with pytest.raises(Failed, match="bad-message"):
        decode_ids(raw)


def test_an_offer_has_a_limit() -> None:
    assert len(decode_ids(b"x" * ID_SIZE * OFFER_MAX)) == OFFER_MAX
    with pytest.raises(Failed, match="offer-too-long"):
        decode_ids(b"x" * ID_SIZE * (OFFER_MAX + 1))


@pytest.mark.parametrize("answer", [b"", b"\1", b"\1\0\1", b"\1\2", b"\1\xff"])
def test_what_is_no_answer_is_refused(answer: bytes) -> None:
    with pytest.raises(Failed, match="bad-message"):
        decode_missing([b"a" * 32, b"b" * 32], answer)


def test_batches() -> None:
    assert [list(b) for b in batches([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]
    assert list(batches([], 2)) == []


# -------------------------------------------------------------------------------------------------- step


class Target:
    """What a target knows, and the line to it, which may be cut after so many events."""

    def __init__(self) -> None:
        self.objects: set[bytes] = set()
        self.committed = False
        self.arrived: list[bytes] = []
        self.left: int | None = None

    def hear(self, said: Said) -> Sequence[bytes] | None:
        """Each call is an event on its way there, one for every frame, and one for its answer."""
        self._event()
        if said.call is Call.OFFER:
            missing = [oid for oid in said.ids if oid not in self.objects]
            self._event()
            return missing
        if said.call is Call.FRAMES:
            for oid in said.ids:
                self._event()
                self.arrived.append(oid)
                self.objects.add(oid)
        else:
            assert self.objects >= set(IDS), "committed before everything was there"
            self.committed = True
        self._event()
        return None

    def _event(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise ConnectionResetError
            self.left -= 1


IDS = [bytes([n]) * 32 for n in range(1, 8)]


def run(target: Target, ids: Sequence[bytes] = IDS) -> list[Said]:
    script = step(ids, 3)
    said: list[Said] = []
    try:
        heard = next(script)
        while True:
            said.append(heard)
            heard = script.send(target.hear(heard))
    except StopIteration:
        return said


def test_a_step_offers_sends_commits() -> None:
    target = Target()
    target.objects = {IDS[1], IDS[5]}
    said = run(target)
    assert [s.call for s in said] == [Call.OFFER] * 3 + [Call.FRAMES, Call.COMMIT]
    assert said[3].ids == (IDS[0], IDS[2], IDS[3], IDS[4], IDS[6])
    assert target.committed


def test_with_nothing_missing_nothing_is_sent() -> None:
    target = Target()
    target.objects = set(IDS)
    assert [s.call for s in run(target)] == [Call.OFFER] * 3 + [Call.COMMIT]


def test_an_object_that_occurs_twice_is_sent_once() -> None:
    target = Target()
    run(target, [*IDS, IDS[0], IDS[3]])
    assert sorted(target.arrived) == IDS


def test_cut_at_every_point_it_ends_the_same_and_sends_nothing_twice() -> None:
    cuts = 0
    while True:
        target = Target()
        target.left = cuts
        try:
            run(target)
        except ConnectionResetError:
            target.left = None
            run(target)
        else:
            break
        assert target.committed
        assert sorted(target.arrived) == IDS, f"cut after {cuts} events"
        cuts += 1
    assert cuts == 3 * 2 + 2 + len(IDS) + 2


def test_what_may_be_repeated() -> None:
    assert [call for call in Call if not call.repeatable] == [Call.FRAMES]
