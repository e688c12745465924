"""What the tests are built from: builders, real Cores, faulty parts, a clock that stands still."""
