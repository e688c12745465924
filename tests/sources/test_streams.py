"""What commands write, and what is fed: to the end, or with a reason why not."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from console.domain.errors import Cancelled, Failed
from console.sources.streams import HELD, CommandStream, Feed, Stream


def everything(stream: Stream) -> bytes:
    found = b""
    while piece := stream.read():
        found += piece
    return found


def test_all_that_a_command_writes() -> None:
    with CommandStream("head -c 3000000 /dev/zero; echo end; echo noise >&2", 60) as stream:
        assert everything(stream) == bytes(3_000_000) + b"end\n"
        assert stream.read() == b""


def test_a_command_that_fails_says_why() -> None:
    stream = CommandStream("echo some; for n in 1 2 3; do echo line $n >&2; done; exit 7", 60)
    with stream, pytest.raises(Failed) as raised:
        everything(stream)
    assert raised.value.failure.code == "command-failed"
    assert "code 7" in raised.value.failure.message
    assert "line 1\nline 2\nline 3" in raised.value.failure.message


@pytest.mark.skipif(shutil.which("bash") is None, reason="without bash a pipe ends as its last command does")
def test_a_command_that_fails_early_in_a_pipe_is_no_good_end() -> None:
    stream = CommandStream("(echo half a dump; exit 3) | cat", 60)
    with stream, pytest.raises(Failed) as raised:
        everything(stream)
    assert "code 3" in raised.value.failure.message


def test_without_bash_the_systems_shell_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with CommandStream("exit 3 | echo $0", 60) as stream:
        assert everything(stream) == b"/bin/sh\n"


def test_only_the_end_of_what_it_complains_is_told() -> None:
    stream = CommandStream("head -c 200000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 1", 60)
    with stream, pytest.raises(Failed) as raised:
        everything(stream)
    assert raised.value.failure.message.endswith("the end")
    assert len(raised.value.failure.message) < 5000


def test_a_command_that_is_killed_has_not_ended_well() -> None:
    stream = CommandStream("echo some; kill -9 $$", 60)
    with stream, pytest.raises(Failed) as raised:
        everything(stream)
    assert "signal 9" in raised.value.failure.message


def test_a_silent_command_is_ended_with_all_it_started(tmp_path: Path) -> None:
    stream = CommandStream(f"echo some; sleep 1000 & echo $! > {tmp_path}/child; wait", 0.3)
    with stream, pytest.raises(Failed) as raised:
        everything(stream)
    assert raised.value.failure.code == "command-silent"
    child = int((tmp_path / "child").read_text())
    _until_gone(child)


def test_a_cancelled_command_is_ended(tmp_path: Path) -> None:
    def check() -> None:
        if (tmp_path / "child").exists() and (tmp_path / "child").read_text().strip():
            raise Cancelled

    stream = CommandStream(f"echo $$ > {tmp_path}/child; sleep 1000", 60, check)
    with stream, pytest.raises(Cancelled):
        everything(stream)
    _until_gone(int((tmp_path / "child").read_text()))


def _until_gone(process: int) -> None:
    waited = threading.Event()
    for _ in range(500):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        waited.wait(0.01)
    os.kill(process, 9)
    pytest.fail("what the command started runs on")


def test_what_is_fed_comes_out_in_order() -> None:
    feed = Feed()
    given = [bytes([n]) * 700_000 for n in range(40)]

    def give() -> None:
        for piece in given:
            assert feed.put(piece)
        feed.finish()

    giver = threading.Thread(target=give)
    giver.start()
    assert everything(feed) == b"".join(given)
    giver.join()


def test_who_feeds_waits_while_enough_is_waiting() -> None:
    feed = Feed()
    assert feed.put(bytes(HELD))
    assert not feed.put(b"x", timeout_s=0.01)
    assert len(feed.read()) == HELD
    assert feed.put(b"x", timeout_s=0.01)
    feed.close()
    assert not feed.put(b"y")
    assert feed.closed


def test_a_feed_that_breaks_off_is_no_end() -> None:
    feed = Feed(patience_s=0.01)
    feed.put(b"some")
    with pytest.raises(Failed) as raised:
        everything(feed)
    assert raised.value.failure.code == "stream-not-fed"


def test_a_piece_that_is_given_again_is_taken_once() -> None:
    feed = Feed()
    assert feed.put(b"abc", 0)
    assert feed.put(b"abc", 0)
    assert feed.put(b"", 3)
    assert feed.put(b"def", 3)
    with pytest.raises(Failed) as raised:
        feed.put(b"jkl", 9)
    assert raised.value.failure.code == "stream-out-of-order"
    feed.finish()
    assert feed.taken == 6
    assert everything(feed) == b"abcdef"


def test_nothing_coming_is_not_borne_for_ever() -> None:
    with pytest.raises(Failed) as raised:
        Feed(patience_s=0.01).read()
    assert raised.value.failure.code == "stream-not-fed"
