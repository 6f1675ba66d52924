"""Networks, written with the names and shapes of the published weights."""
