"""Parts of the page of replication."""
