"""FastAPI and pydantic, without what nobody here asks them for. To be imported before FastAPI is: every command with a
Core of its own waits for both.

- The models of an OpenAPI document are built when somebody asks for the document (most of them: a tenth of a second).
- No parameter of ours is a model of pydantic 1, as FastAPI asks of each: it takes that for absent (20 ms).
- No plugin looks into our models while the calls are made, so none is searched for in all installed packages (10 ms).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel

PLUGINS = "PYDANTIC_DISABLE_PLUGINS"


@contextmanager
def without_plugins() -> Iterator[None]:
    """For a block that builds models or validators. Only there: programs that a backup starts inherit what is set."""
    before = os.environ.get(PLUGINS)
    os.environ[PLUGINS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[PLUGINS]
        else:
            os.environ[PLUGINS] = before


@contextmanager
def _built_later() -> Iterator[None]:
    """For a block that declares models: each is built when it is first used, also where the block asks for it."""
    rebuild = vars(BaseModel)["model_rebuild"]

    def later(cls: type[BaseModel], /, **why: Any) -> bool | None:
        # Said by the block, or by the first use of a model, which says more.
        return rebuild.__func__(cls, **why) if why else None

    BaseModel.model_config["defer_build"] = True
    BaseModel.model_rebuild = classmethod(later)  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        BaseModel.model_rebuild = rebuild  # type: ignore[method-assign]
        del BaseModel.model_config["defer_build"]


sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]
with _built_later(), without_plugins():
    import fastapi.openapi.models  # noqa: F401
