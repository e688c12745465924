"""Which vault a machine gets."""

from __future__ import annotations

from pathlib import Path

from console.vault.encrypted_file import FileVault
from console.vault.system_keyring import KeyringVault
from console.vault.vaults import Vault


def open_vault(directory: Path, service: str) -> Vault:
    """The vault of a Core, or of whoever has `directory`: the system's keyring where there is one, else an encrypted
    file in `directory`. `service` tells several users of one keyring apart (a Core's id).

    Where there is an encrypted file already it stays the vault, so that secrets do not vanish when a desktop with a
    keyring is installed.
    """
    file = FileVault(directory)
    if file.exists or not KeyringVault.usable():
        return file
    return KeyringVault(service)
