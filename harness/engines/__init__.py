"""Engines: groups of tests run elsewhere, and reported as if they had run here.

An engine has the shape of `concurrent.futures.Executor`. It is given `run_group` and a
text, and returns a text some time later. The process that pytest was started in
collects, judges and reports, and alone writes the store.
"""
