"""Repositories: where recovery points are kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from pydantic import BaseModel

from console.domain import paths
from console.domain.answers import JobAnswer, RepositoryAnswer, RepositoryDetail, RepositoryPage, UsageAnswer
from console.domain.errors import usage
from console.service import present
from console.service.access import Administrator, Checker, Reader
from console.service.routing import After, Limit, noun, page

router = noun("repositories")


class NewRepository(BaseModel):
    """`path`: a directory on the Core's machine, in the text form of paths."""

    name: str
    path: str
    default: bool = False


class WantedCheck(BaseModel):
    """`repository`: the default one when it is not named. `read_data`: every byte is read, not only the structure."""

    repository: str | None = None
    read_data: bool = False


@router.get("/repositories")
def repositories(by: Reader, limit: Limit = 100, after: After = None) -> RepositoryPage:
    """By name."""
    found = sorted(by.core.repositories.list(), key=lambda info: info.name.lower())
    shown, more = page(found, limit, after, lambda info: info.id)
    return {"repositories": [present.repository(by.core, info) for info in shown], "next": more}


@router.get("/repositories/{repository}")
def repository(repository: str, by: Reader) -> RepositoryDetail:
    """With what it holds. Refused: `repository-gone`, `repository-in-use`."""
    info = by.core.repositories.info(repository)
    opened = by.core.repositories.open(info.id)
    usage = opened.usage()
    used: UsageAnswer = {
        "objects": usage.objects,
        "plain_bytes": usage.plain_bytes,
        "stored_bytes": usage.stored_bytes,
        "packs": usage.packs,
        "free_bytes": usage.free_bytes,
    }
    shown = {**present.repository(by.core, info), "usage": used, "missing_packs": list(opened.missing_packs)}
    return cast(RepositoryDetail, shown)


@router.post("/repositories")
def create_repository(body: NewRepository, by: Administrator) -> RepositoryAnswer:
    """In a new or empty directory. Refused: `name-taken`, `repository-not-empty`, `repository-inside-repository`."""
    path = os.fsdecode(paths.from_text(body.path))
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        text = f"The path “{body.path}” is not in UTF-8."
        raise usage("path-not-utf-8", text, "Choose a directory with an ordinary name.") from error
    return present.repository(by.core, by.core.repositories.create(body.name, Path(path), default=body.default))


@router.post("/checks")
def check_repository(body: WantedCheck, by: Checker) -> JobAnswer:
    """A job; damage it finds is its result."""
    job = by.core.check.start_repository(body.repository, read_data=body.read_data, user=by.user)
    return present.job(by.core, job, 0)


@router.delete("/repositories/{repository}")
def remove_repository(repository: str, by: Administrator) -> RepositoryAnswer:
    """The Core forgets it; its files stay. Refused: `repository-in-service` while machines use it."""
    shown = present.repository(by.core, by.core.repositories.info(repository))
    by.core.repositories.remove(repository)
    return shown
