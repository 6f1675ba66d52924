"""Perturbations: one image as a short sequence that changes a little a frame.

`catalogue` lists the ten of ImageNet-P and those of CIFAR-10-P with the published
strengths; the modules beside it hold the code, each function a `Perturb` of
`catalogue`. The published sequences were drawn without a seed, and of ImageNet saved as
video: numbers from these are another set's.

References
----------
Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions
and Perturbations", ICLR 2019, arXiv:1903.12261, section 3.2; ImageNet-P/create_p of
https://github.com/hendrycks/robustness (Apache-2.0).
"""
