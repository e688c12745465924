"""What is made when it is first asked for is made once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from console.engine.made import Made, part


class Whole(Made):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.together = threading.Barrier(4)

    @part
    def number(self) -> int:
        """How many were made before."""
        self.count += 1
        return self.count

    @part
    def twice(self) -> int:
        return 2 * self.number


def test_it_is_made_once_whichever_threads_ask() -> None:
    whole = Whole()

    def ask() -> int:
        whole.together.wait(60)
        return whole.number

    with ThreadPoolExecutor(4) as pool:
        assert [future.result() for future in [pool.submit(ask) for _ in range(4)]] == [1, 1, 1, 1]
    assert whole.count == 1


def test_nothing_is_made_before_and_parts_make_what_they_are_made_of() -> None:
    whole = Whole()
    assert not whole.made("number")
    assert whole.twice == 2
    assert whole.made("number")
    assert whole.made("twice")


def test_one_whole_has_nothing_of_another() -> None:
    one, other = Whole(), Whole()
    assert one.number == 1
    assert not other.made("number")
