"""The three stories under a real X server, with its mouse and its keyboard. They stand in `tests/stories`."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

STORIES = Path(__file__).parents[1] / "stories"
SCREEN = "1280x800x24"
START_S, STORY_S, END_S = 60, 220, 260

pytestmark = pytest.mark.skipif(
    shutil.which("Xvfb") is None, reason="Xvfb is not installed (Debian's package xvfb; packaging/setup.sh test)"
)


@pytest.fixture
def display() -> Iterator[str]:
    """The name of an X server of this test alone."""
    told, telling = os.pipe()
    words = ["Xvfb", "-displayfd", str(telling), "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(words, pass_fds=[telling], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(telling)
    try:
        ready, _, _ = select.select([told], [], [], START_S)
        number = os.read(told, 16).decode().strip() if ready else ""
        assert number, "the X server did not start"
        yield f":{number}"
    finally:
        os.close(told)
        server.terminate()
        server.wait(START_S)


@pytest.mark.parametrize("by", ["mouse", "keys"])
@pytest.mark.parametrize(
    "story",
    [
        "story_pairing.py::test_two_cores_are_paired_with_a_seed_drive",
        "story_consuming.py::test_an_orphan_becomes_whole_with_its_drive",
        "story_orphan.py::test_a_file_of_an_orphan_is_restored",
    ],
    ids=lambda story: story.partition(".")[0].removeprefix("story_"),
)
def test_the_story(story: str, by: str, display: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--basetemp", str(tmp_path / "story")]
    # A story that hangs is ended at once: an exception thrown into the middle of Qt's work does worse.
    words += ["-o", f"timeout={STORY_S}", "-o", "timeout_method=thread"]
    child = subprocess.Popen(
        [*words, f"{STORIES / story}[{by}]"],
        cwd=STORIES.parents[1],
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = child.communicate(timeout=END_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # the Cores of a story that was ended would stay
        child.wait()
    assert child.returncode == 0, said
