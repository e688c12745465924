"""Freed memory that is kept while a job runs, and given back afterwards."""

from __future__ import annotations

import resource
import threading

import pytest

from console.host import memory

PIECE = 256 << 10
COUNT = 32
PAGES = PIECE * COUNT // resource.getpagesize()

pytestmark = pytest.mark.skipif(memory._system is None, reason="only glibc keeps memory when it is told to")


def faults_of_rounds(rounds: int) -> int:
    """Pages that a thread had to be given while it took and freed the same amount again and again."""
    counted: list[int] = []

    def work() -> None:
        for number in range(rounds + 1):
            if number == 1:  # the first one finds what is there
                counted.append(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt)
            held = [bytearray(b"x") * PIECE for _ in range(COUNT)]
            del held
        counted.append(resource.getrusage(resource.RUSAGE_THREAD).ru_minflt)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return counted[1] - counted[0]


def test_a_job_gets_the_memory_it_freed() -> None:
    with memory.kept():
        assert faults_of_rounds(10) < PAGES


def test_it_ends_with_the_last_job() -> None:
    with memory.kept():
        with memory.kept():
            pass
        assert faults_of_rounds(10) < PAGES
    assert faults_of_rounds(10) > 2 * PAGES
