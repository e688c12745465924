"""Streams on their way into running backups, by the job they belong to."""

from __future__ import annotations

import threading

from console.domain.errors import refused
from console.sources.streams import Feed


class Feeds:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._feeds: dict[str, Feed] = {}

    def add(self, job: str, feed: Feed) -> None:
        with self._lock:
            self._feeds = {id: known for id, known in self._feeds.items() if not known.closed}
            self._feeds[job] = feed

    def get(self, job: str) -> Feed:
        """The feed of a job, for one who feeds it. Raises Failed `stream-not-wanted`."""
        with self._lock:
            feed = self._feeds.get(job)
        if feed is None or feed.closed:
            raise refused(
                "stream-not-wanted",
                f"Job {job[:12]} waits for no standard input.",
                "Start a backup that does: … | replicore backup MACHINE --stdin LABEL",
            )
        return feed
