"""What features are worth: outcomes of neighbours and probes, learnt from a bank.

A bank is labelled training images, as the layer of one network shows them.
"""
