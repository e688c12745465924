"""What stands around the pages: Cores, search, jobs, alerts, the tree of machines, the line at the bottom."""
