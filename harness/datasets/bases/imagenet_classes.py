"""Classes of ImageNet-1k: WordNet identifiers in the order of networks' outputs.

`imagenet_classes.txt` has a line a class: identifier, name, and which of the sets of
200 classes it is in (``a``, ``o``, ``r``). Identifiers and sets: hendrycks/imagenet-r
``eval.py`` and natural-adv-examples ``eval_many_models.py``, the same as timm's
``imagenet_{a,r}_synsets.txt``; names: torchvision, ``ResNet50_Weights.meta``.
"""

from __future__ import annotations

import re
from pathlib import Path

_ROWS = tuple(
    tuple(line.split("\t"))
    for line in Path(__file__)
    .with_name("imagenet_classes.txt")
    .read_text(encoding="utf-8")
    .splitlines()
)
#: Of class i: sorted, which is the order of ImageFolder too.
WNIDS = tuple(wnid for wnid, _, _ in _ROWS)
#: What people call class i; each once.
NAMES = tuple(name for _, name, _ in _ROWS)
#: Identifiers of ImageNet-A, -O and -R, by letter, in the order of classes.
SETS = {
    letter: tuple(wnid for wnid, _, letters in _ROWS if letter in letters)
    for letter in "aor"
}
WNID = re.compile(r"n\d{8}")
