"""The change feed: names the kinds of things that changed, to whoever listens; not what changed in them."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from console.domain.events import Changed


class Subscription:
    """One listener's view of the feed. Kinds that changed while nobody called `get` are kept once each."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._pending: set[Changed] = set()
        self._ready = threading.Condition()
        self._closed = False

    def get(self, timeout: float) -> frozenset[Changed]:
        """The kinds that changed since the last call; waits up to `timeout` seconds, then an empty set."""
        with self._ready:
            if not self._pending and not self._closed:
                self._ready.wait(timeout)
            kinds = frozenset(self._pending)
            self._pending.clear()
            return kinds

    @property
    def closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._feed.drop(self)
        with self._ready:
            self._closed = True
            self._ready.notify_all()

    def add(self, kinds: Iterable[Changed]) -> None:
        with self._ready:
            self._pending.update(kinds)
            self._ready.notify_all()


class Feed:
    """Given the kinds after each commit of the catalog; hands them to every subscription."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: list[Subscription] = []

    def subscribe(self) -> Subscription:
        subscription = Subscription(self)
        with self._lock:
            self._subscriptions.append(subscription)
        return subscription

    def publish(self, kinds: Iterable[Changed]) -> None:
        kinds = frozenset(kinds)
        with self._lock:
            subscriptions = list(self._subscriptions)
        for subscription in subscriptions:
            subscription.add(kinds)

    def drop(self, subscription: Subscription) -> None:
        with self._lock:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    def close(self) -> None:
        """Wakes and ends every subscription."""
        with self._lock:
            subscriptions = list(self._subscriptions)
        for subscription in subscriptions:
            subscription.close()
