"""pytest hooks of the harness."""
