"""Core to Core: who a Core is, what the two say to each other, the caller and the called. Paper: `PROTOCOL.md`."""
