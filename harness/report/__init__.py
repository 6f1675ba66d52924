"""Reports: from a summary to what people read."""
