"""Command lines: parse, call, report."""
