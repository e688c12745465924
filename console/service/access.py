"""Who calls, and whether they may: the local token, sessions of people who signed in, one right per call."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from console.domain.clock import Clock
from console.domain.errors import Failed, FailureKind, failed, refused
from console.domain.roles import Right, Role, User, may, who_may

if TYPE_CHECKING:
    from console.engine.core import Core

LOCAL_USER = "local"
TOKEN_FILE = "token"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
IDLE_S = 12 * 3600
KEPT_SESSIONS = 1000
WAITING_SIGN_INS = 16
"""More people than this do not sign in at the same moment; a program that guesses does."""


def local_token(data: Path) -> str:
    """The token of the owner of this data directory, made at first use, readable by its owner only."""
    path = data / TOKEN_FILE
    try:
        token = path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        token = ""
    if _TOKEN.fullmatch(token):
        return token
    token = secrets.token_urlsafe(32)  # also for one that is damaged: nobody signs in with half of it, or with nothing
    beside = path.with_suffix(".partial")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    return token


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. `used`: monotonic seconds of the last call."""

    user: str
    role: Role
    used: float


class Access:
    """Knows every token that opens this Core. Tokens are kept in memory only, by their digests. `verify`: the user of
    this name and password; raises Failed `wrong-credentials`, `too-many-attempts`."""

    def __init__(self, token: str, verify: Callable[[str, str], User], clock: Clock) -> None:
        self._local = _digest(token)
        self._verify = verify
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[bytes, Session] = {}
        # Passwords are hashed at great cost on purpose: two at a time, whatever knocks, and not in the threads that
        # answer everybody else.
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="sign-in")
        self._waiting = 0

    def sign_in(self, user: str, password: str) -> tuple[str, User]:
        """A new token for a person. Raises Failed: `wrong-credentials`, `too-many-attempts`."""
        with self._lock:
            if self._waiting >= WAITING_SIGN_INS:
                raise refused("too-many-attempts", "Too many people sign in at this moment.", "Try again in a minute.")
            self._waiting += 1
        try:
            found = self._pool.submit(self._verify, user, password).result()
        finally:
            with self._lock:
                self._waiting -= 1
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._sweep()
            self._sessions[_digest(token)] = Session(found.name, found.role, self._clock.monotonic())
        return token, found

    def who(self, token: str) -> Session:
        """Who holds a token. Raises Failed `not-signed-in`."""
        digest = _digest(token)
        now = self._clock.monotonic()
        if hmac.compare_digest(digest, self._local):
            return Session(LOCAL_USER, Role.ADMINISTRATOR, now)
        with self._lock:
            session = self._sessions.get(digest)
            if session is None or now - session.used > IDLE_S:
                self._sessions.pop(digest, None)
                raise not_signed_in()
            session = replace(session, used=now)
            self._sessions[digest] = session
            return session

    def sign_out(self, token: str) -> None:
        with self._lock:
            self._sessions.pop(_digest(token), None)

    def dismiss(self, user: str) -> None:
        """Ends all sessions of a person who is gone, or has another password now."""
        with self._lock:
            for digest in [d for d, s in self._sessions.items() if s.user.lower() == user.lower()]:
                del self._sessions[digest]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        for digest in [d for d, s in self._sessions.items() if now - s.used > IDLE_S]:
            del self._sessions[digest]
        while len(self._sessions) >= KEPT_SESSIONS:
            del self._sessions[min(self._sessions, key=lambda d: self._sessions[d].used)]


@dataclass(frozen=True, slots=True)
class Caller:
    """Given to every handler: the Core, and who asks it."""

    core: Core
    user: str
    role: Role


class Needs:
    """A dependency that lets in who has one right. The only way into a handler of the API."""

    def __init__(self, right: Right) -> None:
        self.right = right

    async def __call__(self, request: Request) -> Caller:
        access: Access = request.app.state.access
        session = access.who(bearer(request))
        if not may(session.role, self.right):
            roles = " or ".join(who_may(self.right))
            raise failed(
                "role-forbids",
                f"As {session.role} “{session.user}” may not do this.",
                f"It takes the role {roles}.",
                FailureKind.FORBIDDEN,
            )
        return Caller(request.app.state.core, session.user, session.role)


def bearer(request: Request) -> str:
    """The token of a call. Raises Failed `not-signed-in`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise not_signed_in()
    return token.strip()


def not_signed_in() -> Failed:
    return failed(
        "not-signed-in",
        "Nobody is signed in with this call, or the session has ended.",
        "Sign in: POST /api/v1/sign-in, then send Authorization: Bearer TOKEN.",
        FailureKind.FORBIDDEN,
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


Reader = Annotated[Caller, Depends(Needs(Right.READ))]
BacksUp = Annotated[Caller, Depends(Needs(Right.BACK_UP))]
Restorer = Annotated[Caller, Depends(Needs(Right.RESTORE))]
Seeder = Annotated[Caller, Depends(Needs(Right.SEED))]
JobKeeper = Annotated[Caller, Depends(Needs(Right.JOBS))]
Checker = Annotated[Caller, Depends(Needs(Right.CHECK))]
Administrator = Annotated[Caller, Depends(Needs(Right.ADMINISTER))]
