"""Published weights, one module per source: facts only, nothing heavy is imported."""
