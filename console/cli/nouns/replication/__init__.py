"""`replicore replication …`: pairings with other Cores, and the machines in them. One file for each subject."""

from console.cli.nouns.replication import arranging, comparing, copies, looking, running
from console.cli.nouns.replication.shared import app

__all__ = ["app", "arranging", "comparing", "copies", "looking", "running"]
