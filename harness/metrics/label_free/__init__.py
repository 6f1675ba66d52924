"""Label-free metrics, one module each."""
