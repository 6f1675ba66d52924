"""Self-test: published numbers made anew from published tables, without a network.

What agrees is computed here as it was by those who published it: labels, masks,
denominators and scales of the robustness sets are right.
"""
