"""What several metrics compute with."""
