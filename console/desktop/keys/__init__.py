"""The parts of the page of encryption keys."""
