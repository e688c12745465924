"""This Core: sign-in, status, certificate, settings, its catalog."""

from __future__ import annotations

from fastapi import Request
from pydantic import BaseModel

from console.domain.answers import (
    Certificate,
    CoreStatus,
    Done,
    JobAnswer,
    SettingAnswer,
    Settings,
    SignedIn,
)
from console.domain.settings import SETTINGS, setting
from console.domain.words import words
from console.service import present
from console.service.access import IDLE_S, Access, Administrator, Caller, Reader, bearer
from console.service.routing import noun
from console.service.serving import Serving

router = noun("core")


class SignIn(BaseModel):
    user: str
    password: str


class Value(BaseModel):
    """None: back to the default."""

    value: str | None


@router.post("/sign-in")
def sign_in(request: Request, body: SignIn) -> SignedIn:
    """A token for a user of this Core; it ends after twelve hours without a call."""
    access: Access = request.app.state.access
    token, user = access.sign_in(body.user, body.password)
    return {"token": token, "user": user.name, "role": user.role.value, "idle_s": IDLE_S}


@router.post("/sign-out")
def sign_out(request: Request, by: Reader) -> Done:
    """Ends the session of the token that is shown."""
    del by
    access: Access = request.app.state.access
    access.sign_out(bearer(request))
    return {"done": True}


@router.get("/core")
def status(request: Request, by: Reader) -> CoreStatus:
    """Who this Core is, how it runs, and what it has, in numbers."""
    core, serving = by.core, _serving(request)
    catalog = core.catalog
    alerts, _ = catalog.events.page(alerts_only=True, limit=1000)
    return {
        "id": core.identity.core_id,
        "name": core.name,
        "version": core.version,
        "fingerprint": core.identity.fingerprint,
        "data": str(core.data),
        "mode": serving.mode,
        "address": serving.address,
        "started": serving.started,
        "schedules": serving.schedules,
        "user": by.user,
        "role": by.role.value,
        "counts": {
            "machines": len(catalog.machines.list()),
            "points": catalog.points.count(),
            "repositories": len(catalog.repositories.list()),
            "pairings": len(catalog.pairings.list()),
            "jobs_running": core.jobs.busy(),
            "alerts": len(alerts),
        },
    }


@router.get("/core/certificate")
def certificate(by: Reader) -> Certificate:
    """What to read to whoever pairs with this Core."""
    identity = by.core.identity
    return {
        "core": identity.core_id,
        "name": by.core.name,
        "fingerprint": identity.fingerprint,
        "words": list(words(identity.fingerprint)),
        "certificate": identity.certificate,
    }


@router.get("/core/settings")
def settings(by: Reader) -> Settings:
    """Every setting there is, with its value and its default."""
    return {"settings": [_setting(by, key) for key in sorted(SETTINGS)]}


@router.put("/core/settings/{key}")
def change_setting(key: str, body: Value, by: Administrator) -> SettingAnswer:
    """Sets one setting."""
    known = setting(key)
    if body.value is not None:
        known.check(body.value)
    by.core.catalog.settings.set(key, body.value)
    return _setting(by, key)


@router.post("/core/rebuild-catalog")
def rebuild_catalog(by: Administrator) -> JobAnswer:
    """Registers again what the repositories hold and the catalog has lost. A job."""
    return present.job(by.core, by.core.rebuild.start(user=by.user), 0)


def _setting(by: Caller, key: str) -> SettingAnswer:
    known = setting(key)
    return {
        "key": key,
        "value": by.core.catalog.settings.get(key) or known.default,
        "default": known.default,
        "text": known.text,
    }


def _serving(request: Request) -> Serving:
    serving: Serving = request.app.state.serving
    return serving
