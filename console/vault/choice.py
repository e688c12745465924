"""Which vault a machine gets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from console.vault.encrypted_file import FileVault
from console.vault.system_keyring import KeyringVault
from console.vault.vaults import Vault

KEY_FILE_VARIABLE = "REPLICORE_VAULT_KEY_FILE"
CREDENTIAL = "replicore-vault-key"
"""What the service's credential is called (systemd: LoadCredential=, LoadCredentialEncrypted=)."""


def credential_file(environment: Mapping[str, str]) -> Path | None:
    """The file with the key of the encrypted file that was handed to this process, if one was."""
    named = environment.get(KEY_FILE_VARIABLE, "")
    if named:
        return Path(named)
    handed = environment.get("CREDENTIALS_DIRECTORY", "")
    if handed and (Path(handed) / CREDENTIAL).exists():
        return Path(handed) / CREDENTIAL
    return None


def open_vault(directory: Path, service: str, environment: Mapping[str, str] | None = None) -> Vault:
    """The vault of a Core, or of whoever has `directory`: the encrypted file in `directory` where this process was
    handed its key, else the system's keyring where there is one, else the encrypted file with its key beside it.
    `service` tells several users of one keyring apart (a Core's id).

    Where there is an encrypted file already it stays the vault, so that secrets do not vanish when a desktop with a
    keyring is installed.
    """
    file = FileVault(directory, credential_file(os.environ if environment is None else environment))
    if file.has_credential or file.exists or not KeyringVault.usable():
        return file
    return KeyringVault(service)
