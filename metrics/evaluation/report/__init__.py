"""The report: tables, figures, files."""
