"""How the API says that something went wrong: always `{"error": {code, message, hint, kind}}`."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.domain.errors import HTTP_STATUS, Failed, Failure, FailureKind, usage
from console.service.routing import API

log = logging.getLogger(__name__)

BODY_MAX = 4 << 20
NOT_SIGNED_IN = "not-signed-in"
TOO_LARGE = usage("too-large", f"A call takes {BODY_MAX >> 20} MiB at most.", "Send less at a time.")


def handle_failures(app: FastAPI) -> None:
    """Gives every failure its form. Answers of the Core-to-Core protocol are none of ours."""
    app.add_exception_handler(Failed, _failed)
    app.add_exception_handler(RequestValidationError, _bad_request)
    app.add_exception_handler(HTTPException, _no_such_call)
    app.add_middleware(Guard)


def answer(failure: Failure, status: int | None = None) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if failure.code == NOT_SIGNED_IN else None
    if failure.code == NOT_SIGNED_IN:
        status = 401
    return JSONResponse({"error": failure.to_dict()}, status or HTTP_STATUS[failure.kind], headers)


class Guard:
    """Around all calls of the API: bodies have a limit, and a bug is answered as `internal-error` and logged once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        started = False
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > BODY_MAX:
                raise TOO_LARGE
            return message

        async def noticed(message: Message) -> None:
            nonlocal started
            if taken > BODY_MAX and not started:
                return  # whatever was made of half a body
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, limited, noticed)
            if taken > BODY_MAX and not started:
                await answer(TOO_LARGE.failure, 413)(scope, receive, send)
        except Exception:
            log.exception("%s %s crashed", scope["method"], scope["path"])
            if started:
                raise
            bug = Failure(
                "internal-error",
                "The Core met a bug in Replicore while it answered.",
                "The Core's log has the details; please report them.",
            )
            await answer(bug, 500)(scope, receive, send)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    del request
    assert isinstance(error, Failed)
    return answer(error.failure)


async def _bad_request(request: Request, error: Exception) -> JSONResponse:
    """Names what is wrong and where, and never repeats what was sent: it may be a password."""
    del request
    assert isinstance(error, RequestValidationError)
    problems = "; ".join(f"{_place(problem['loc'])}: {problem['msg']}" for problem in error.errors()[:5])
    return answer(Failure("bad-request", f"The call is not right. {problems}", "See openapi.json.", FailureKind.USAGE))


async def _no_such_call(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = FailureKind.NOT_FOUND if error.status_code == 404 else FailureKind.USAGE
    code = {404: "no-such-call", 405: "no-such-method"}.get(error.status_code, "bad-request")
    text = f"{request.method} {request.url.path}: {error.detail}."
    return answer(Failure(code, text, f"See {API}/openapi.json.", kind), error.status_code)


def _place(where: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in where[1:]) or str(where[0])
