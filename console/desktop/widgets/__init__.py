"""What pages are put together from: panes that load, badges, charts, maps."""
