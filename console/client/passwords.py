"""Passwords of remembered Cores, in the system's keyring. The only place of the client that touches it."""

from __future__ import annotations

SERVICE = "replicore-core"


def keep(core: str, password: str) -> bool:
    """False: this machine has no keyring that would keep it."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, core.lower(), password)
    except KeyringError:
        return False
    return True


def recall(core: str) -> str | None:
    """None: none was kept, or the keyring is locked or not there."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, core.lower())
    except KeyringError:
        return None


def drop(core: str) -> None:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(SERVICE, core.lower())
    except KeyringError:
        return
