"""Messages survive the way there and back, and what was released is still understood."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.errors import Failed, Failure, FailureKind
from console.domain.keys import WrappedKey
from console.domain.pairing import CoreIdentity
from console.domain.recovery_points import RecoveryPoint
from console.wire import messages
from console.wire.messages import Body, Commit, Done, Hello, HoldingsRequest, PairRequest, StatusRequest, decode, encode
from tests.wire.samples import CORE, MACHINE, POINT, SAMPLES, TIME

GOLDEN = Path(__file__).parent.parent / "golden" / "wire"


def test_there_is_a_sample_of_every_message() -> None:
    assert {type(sample) for sample in SAMPLES.values()} == set(get_args(Body))


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_round_trip(name: str) -> None:
    sample = SAMPLES[name]
    assert decode(encode(sample), type(sample)) == sample


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_what_the_first_release_said_is_understood_and_still_said(name: str) -> None:
    sample = SAMPLES[name]
    released = (GOLDEN / f"{name}.msgpack").read_bytes()
    assert decode(released, type(sample)) == sample
    assert says_all_of(msgspec.msgpack.decode(released), msgspec.msgpack.decode(encode(sample)))


def test_every_golden_message_is_looked_at() -> None:
    assert {path.stem for path in GOLDEN.glob("*.msgpack")} == set(SAMPLES)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_newer_core_may_say_more(name: str) -> None:
    sample = SAMPLES[name]
    said = msgspec.msgpack.decode(encode(sample))
    said["of_a_later_release"] = {"more": [1, 2, 3]}
    assert decode(msgspec.msgpack.encode(said), type(sample)) == sample


def test_an_older_core_may_say_less() -> None:
    said = msgspec.msgpack.decode(encode(SAMPLES["status-request"]))
    del said["machines"], said["seeds"]
    assert decode(msgspec.msgpack.encode(said), StatusRequest) == StatusRequest(CORE, TIME, True)


@pytest.mark.parametrize("name", sorted(SAMPLES))
@pytest.mark.parametrize("cut", [0, 1, 0.5, 0.99])
def test_cut_messages_are_refused(name: str, cut: float) -> None:
    raw = encode(SAMPLES[name])
    torn = raw[: int(len(raw) * cut)] if cut < 1 else raw + b"\x00"
    if torn == raw:
        pytest.skip("nothing was cut off")
    with pytest.raises(Failed, match="bad-message"):
        decode(torn, type(SAMPLES[name]))


@settings(deadline=None, max_examples=50)
@given(raw=st.binary(max_size=200))
def test_rubbish_is_refused_and_never_more_than_that(raw: bytes) -> None:
    for kind in (Hello, Commit, HoldingsRequest, StatusRequest):
        with pytest.raises(Failed) as raised:
            decode(raw, kind)
        assert raised.value.failure.code == "bad-message"
        assert raised.value.failure.kind is FailureKind.USAGE


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(Failed, match="bad-message"):
        decode(b"\x91" * 100_000, dict[str, object])


def test_what_is_refused_is_not_repeated_in_the_sentence() -> None:
    raw = msgspec.msgpack.encode({"user": "admin", "password": ["hunter2"], "source": None, "certificate": ""})
    with pytest.raises(Failed) as raised:
        decode(raw, PairRequest)
    assert "hunter2" not in str(raised.value)


def test_a_password_is_never_shown() -> None:
    request = PairRequest("admin", "hunter2", CORE, "pem", "laptop")
    assert "hunter2" not in f"{request} {request!r} {list(request.__rich_repr__())}"


def test_times_travel_as_moments() -> None:
    there = TIME.astimezone(timezone(timedelta(hours=5, minutes=30)))
    got = decode(encode(Hello(CORE, 1, there)), Hello)
    assert got.time == TIME
    assert got.time.utcoffset() == timedelta(0)


@pytest.mark.parametrize("where", ["point", "machine"])
def test_times_without_a_zone_are_refused(where: str) -> None:
    naive = datetime(2026, 5, 4, 12, 0)  # noqa: DTZ001 - that is what is tested
    machine = replace(MACHINE, created=naive) if where == "machine" else MACHINE
    point = replace(POINT, time=naive) if where == "point" else POINT
    said = {"machine": machine, "point": point, "image": "2" * 32, "names": False}
    with pytest.raises(Failed, match="bad-message"):
        decode(msgspec.msgpack.encode(said), Commit)


def test_values_of_the_domain_keep_their_types() -> None:
    got = decode(encode(SAMPLES["commit"]), Commit)
    assert isinstance(got.point, RecoveryPoint)
    assert isinstance(got.point.images, tuple)
    assert isinstance(got.machine.volumes, tuple)
    assert isinstance(decode(encode(SAMPLES["hello"]), Hello).core, CoreIdentity)


def test_a_failure_of_a_kind_of_tomorrow_is_still_a_failure() -> None:
    said = msgspec.msgpack.decode(encode(SAMPLES["failure"])) | {"kind": "of-tomorrow"}
    raw = decode(msgspec.msgpack.encode(said), dict[str, object])
    assert Failure.from_dict(raw) == Failure("repository-full", "The repository is full.", "Make room.")


def test_nothing_is_a_message_too() -> None:
    assert encode(Done()) == b"\x80"
    assert messages.CONTENT_TYPE == "application/msgpack"


def says_all_of(old: object, new: object) -> bool:
    """Whether `new` has everything that `old` has; it may have more fields."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and says_all_of(value, new[key]) for key, value in old.items())
    if isinstance(old, list):
        return isinstance(new, list) and len(old) == len(new) and all(map(says_all_of, old, new))
    return type(old) is type(new) and old == new


def test_keys_of_sealed_points_travel_with_commit() -> None:
    key = WrappedKey("ab" * 16, "office", b"\1wrapped", TIME, TIME, "a note")
    sealed = Commit(MACHINE, POINT, "2" * 32, True, [key])
    assert decode(encode(sealed), Commit) == sealed
    assert "keys" not in msgspec.msgpack.decode(encode(SAMPLES["commit"])), "an unsealed one is said as ever"
    said = msgspec.msgpack.decode(encode(sealed))
    said["keys"][0]["created"] = datetime(2026, 5, 4)  # noqa: DTZ001
    with pytest.raises(Failed) as known:
        decode(msgspec.msgpack.encode(said), Commit)
    assert known.value.failure.code == "bad-message"
