"""People who may sign in from elsewhere, and how their passwords are kept (Argon2id)."""

from __future__ import annotations

import os
import threading
import uuid

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from console.catalog import Catalog
from console.domain.clock import Clock
from console.domain.errors import FailureKind, failed, not_found, refused, usage
from console.domain.machines import name_problem
from console.domain.roles import Role, User
from console.repository import wrapping

LEAST_PASSWORD = 8
HARDNESS = wrapping.HARDNESS
"""What one guess costs whoever got hold of the hashes."""
_LENGTH = 32

ATTEMPTS = 5
ATTEMPTS_WINDOW_S = 60.0


def hash_password(password: str) -> str:
    """Argon2id in PHC text form, with a salt of its own."""
    cost = HARDNESS
    kdf = Argon2id(
        salt=os.urandom(16),
        length=_LENGTH,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return kdf.derive_phc_encoded(password.encode())


def password_matches(password: str, phc: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(password.encode(), phc)
    except InvalidKey:
        return False
    return True


class Users:
    """The people of one Core. Wrong passwords are counted per name, so that guessing is slow."""

    def __init__(self, catalog: Catalog, clock: Clock) -> None:
        self._catalog = catalog
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, list[float]] = {}
        self._nobody = ""

    def add(self, name: str, role: Role, password: str) -> User:
        """Raises Failed: `name-forbidden`, `name-taken`, `password-too-short`."""
        problem = name_problem(name)
        if problem is not None:
            raise usage("name-forbidden", problem.message, problem.hint)
        if self._catalog.users.find(name) is not None:
            raise refused("name-taken", f"There is a user “{name}” already.", "Choose another name.")
        self._check(password)
        user = User(uuid.uuid4().hex, name, role, hash_password(password), self._clock.now())
        self._catalog.users.add(user)
        return user

    def passwd(self, name: str, password: str) -> None:
        user = self._catalog.users.get(name)
        self._check(password)
        self._catalog.users.update(User(user.id, user.name, user.role, hash_password(password), user.created))

    def remove(self, name: str) -> None:
        self._catalog.users.remove(self._catalog.users.get(name).name)

    def list(self) -> list[User]:
        return self._catalog.users.list()

    def verify(self, name: str, password: str) -> User:
        """The user whose name and password these are. Raises Failed `wrong-credentials`, `too-many-attempts`."""
        self._slow_down(name)
        user = self._catalog.users.find(name)
        if user is None and not self._nobody:
            self._nobody = hash_password(os.urandom(16).hex())
        # A name that does not exist costs the same time as one that does.
        good = password_matches(password, user.password_hash if user else self._nobody)
        if user is None or not good:
            with self._lock:
                self._wrong.setdefault(name.lower(), []).append(self._clock.monotonic())
            raise failed(
                "wrong-credentials",
                "The user name or the password is wrong.",
                "Check both; upper and lower case matter.",
                FailureKind.FORBIDDEN,
            )
        with self._lock:
            self._wrong.pop(name.lower(), None)
        return user

    def get(self, name: str) -> User:
        user = self._catalog.users.find(name)
        if user is None:
            raise not_found("user", name)
        return user

    def _slow_down(self, name: str) -> None:
        now = self._clock.monotonic()
        with self._lock:
            recent = [t for t in self._wrong.get(name.lower(), []) if now - t < ATTEMPTS_WINDOW_S]
            self._wrong[name.lower()] = recent
        if len(recent) >= ATTEMPTS:
            raise failed(
                "too-many-attempts",
                f"{ATTEMPTS} wrong passwords for “{name}” within a minute.",
                "Wait a minute, then try again.",
                FailureKind.FORBIDDEN,
            )

    def _check(self, password: str) -> None:
        if len(password) < LEAST_PASSWORD:
            raise usage(
                "password-too-short", f"A password has at least {LEAST_PASSWORD} characters.", "Use a longer one."
            )
