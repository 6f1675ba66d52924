"""Learning order: which images networks get right first, and how far they agree."""
