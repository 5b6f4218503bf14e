"""Reports on evaluations: tables, figures and files."""
