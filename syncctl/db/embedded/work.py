"""Work on staged orders on the embedded engine: claim, lease, fail, give back, and the retry policy."""
