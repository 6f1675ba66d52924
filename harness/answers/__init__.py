"""What networks say: one pass, saved outputs, and the machine they run on."""
