"""Recovery points as a read-only file system: what stands where, what is kept of it, and the door to FUSE."""
