"""Lines, curves and planes fitted to points."""

from harness.renamed import moved

_FITS = (
    "LineFit",
    "Judgement",
    "fit_line",
    "Fit",
    "judge",
    "check_accuracies",
)
__getattr__ = moved(__name__, **dict.fromkeys(_FITS, "harness.analysis.fits.fits"))
