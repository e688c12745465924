"""The command line: every action of the Console as a command, `--json` on all. Speaks to a Core through the client
only; what starts a Core is handed in (`parts`)."""
