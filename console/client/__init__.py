"""The typed client of a Core's API: remembers Cores, pins fingerprints, asks and waits. Knows nothing of what a Core is
made of."""
