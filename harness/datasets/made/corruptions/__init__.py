"""Common corruptions of images: batch transformations in five severities.

`catalogue` lists them with the published strengths for 32x32 images; the modules beside
it hold the code, each function an `Apply` of `harness.datasets.dataset`. Images are
scaled to [0, 1], corrupted, clipped, and cut to bytes (not rounded), as the published
generator does. What it made cannot be made again to the byte, for its draws were not
seeded: numbers from these functions are near published ones, not comparable with them.

References
----------
Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions
and Perturbations", ICLR 2019, arXiv:1903.12261.
"""
