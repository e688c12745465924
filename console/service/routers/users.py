"""People who may sign in from elsewhere."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel

from console.domain.answers import Done, UserAnswer, UserPage
from console.domain.roles import Role
from console.service import present
from console.service.access import Access, Administrator
from console.service.routing import After, Limit, noun, page

router = noun("users")


class NewUser(BaseModel):
    name: str
    role: Role
    password: str


class NewPassword(BaseModel):
    password: str


@router.get("/users")
def users(by: Administrator, limit: Limit = 100, after: After = None) -> UserPage:
    """By name."""
    found = sorted(by.core.users.list(), key=lambda user: user.name.lower())
    shown, more = page(found, limit, after, lambda user: user.id)
    return {"users": [present.user(user) for user in shown], "next": more}


@router.post("/users")
def add_user(body: NewUser, by: Administrator) -> UserAnswer:
    """Refused: `name-taken`, `name-forbidden`, `password-too-short`."""
    return present.user(by.core.users.add(body.name, body.role, body.password))


@router.put("/users/{user}/password")
def set_password(request: Request, user: str, body: NewPassword, by: Administrator) -> Done:
    """Sets another password; the user's sessions end."""
    by.core.users.passwd(user, body.password)
    _end_sessions(request, user)
    return {"done": True}


@router.delete("/users/{user}")
def remove_user(request: Request, user: str, by: Administrator) -> Done:
    """The user cannot sign in any more; open sessions end."""
    by.core.users.remove(user)
    _end_sessions(request, user)
    return {"done": True}


def _end_sessions(request: Request, user: str) -> None:
    access: Access = request.app.state.access
    access.dismiss(user)
