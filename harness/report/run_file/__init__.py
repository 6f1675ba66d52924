"""The file of a run: written, saved under a name, read again."""
