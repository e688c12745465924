"""Where secrets live: never in the catalog, a log, a seed drive or a command line."""

from console.vault.choice import open_vault
from console.vault.encrypted_file import FileVault
from console.vault.system_keyring import KeyringVault
from console.vault.vaults import MemoryVault, Vault

__all__ = ["FileVault", "KeyringVault", "MemoryVault", "Vault", "open_vault"]
