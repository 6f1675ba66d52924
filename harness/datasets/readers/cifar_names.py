"""What CIFAR-10 holds, for bases and readers: its classes in order, and its size."""

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
SIZE = (32, 32, 3)
