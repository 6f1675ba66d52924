"""Sections that the harness brings along, one module each."""
