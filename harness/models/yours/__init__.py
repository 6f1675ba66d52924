"""Models of the user's own: files, factories, exports."""
