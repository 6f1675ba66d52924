"""How a cell runs, with less ado than pytest makes around a test.

pytest looks up all fixtures of each test anew, wraps each of its three phases in
handlers of output and log messages, and reports each phase: that takes longer than a
cell whose predictions are shared. Here the tests of a pair are handed what the first of
them was handed, one capture holds the three phases, and a cell that passed is reported
once. Other plugins' hooks are called as ever; where one of them, an option or the test
itself would notice a difference, pytest's own protocol runs.
"""
