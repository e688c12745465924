"""FastAPI, without the models of an OpenAPI document: those are built when somebody asks for the document.

To be imported before FastAPI is. Building them takes a tenth of a second, which every command with a Core of its own
would wait for.
"""

from __future__ import annotations

from pydantic import BaseModel

BaseModel.model_config["defer_build"] = True
try:
    import fastapi.openapi.models  # noqa: F401
finally:
    del BaseModel.model_config["defer_build"]
