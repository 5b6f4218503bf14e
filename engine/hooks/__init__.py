"""Runner hooks: checks before a run, links after it."""
