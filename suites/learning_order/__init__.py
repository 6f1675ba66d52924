"""Learning order: which images a population of networks gets right first, and why."""
