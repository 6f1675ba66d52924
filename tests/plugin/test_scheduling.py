"""The scheduler by itself, against pretend workers that die at any moment."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.distribution import PairScheduling
from harness.plan import PlannedCell, Variant

MODELS = ("big", "small")
DATASETS = ("a", "b", "c")
CELLS = {
    nodeid: PlannedCell(nodeid, Variant(test=f"t.py::test_{i}", metric=str(i)), m, d)
    for m in MODELS
    for d in DATASETS
    for i in range(3)
    for nodeid in [f"t.py::test_{i}[{m}-{d}]"]
}
TESTS = (*CELLS, "other.py::test_plain")


class Worker:
    """Runs what it is sent as an xdist worker does: it must know the next test."""

    def __init__(self) -> None:
        self.queue: list[int] = []
        self.shutting_down = False

    def send_runtest_some(self, indices):
        assert not self.shutting_down
        self.queue += indices

    def shutdown(self):
        self.shutting_down = True

    @property
    def can_run(self) -> bool:
        return len(self.queue) > 1 or (self.shutting_down and bool(self.queue))


def start(count):
    scheduler = PairScheduling(count, CELLS)
    workers = [Worker() for _ in range(count)]
    for worker in workers:
        scheduler.add_node(worker)
    for worker in workers:
        scheduler.add_node_collection(worker, TESTS)
    assert scheduler.collection_is_completed
    scheduler.schedule()
    return scheduler, workers


@settings(max_examples=200)
@given(
    count=st.integers(1, 5),
    deaths=st.sets(st.sampled_from(TESTS), max_size=5),
    choices=st.randoms(use_true_random=False),
)
def test_every_test_is_run_once_whoever_dies(count, deaths, choices):
    """Each test passes or killed its worker; none is lost or repeated."""
    scheduler, workers = start(count)
    done, crashed = [], []

    while scheduler.has_pending:
        if scheduler.tests_finished:
            for worker in workers:
                worker.shutdown()
        able = [worker for worker in workers if worker.can_run]
        assert able, "the session hangs"
        worker = choices.choice(able)
        test = TESTS[worker.queue[0]]
        if test in deaths:
            workers.remove(worker)
            assert scheduler.remove_node(worker) == test
            crashed.append(test)
            fresh = Worker()
            workers.append(fresh)
            scheduler.add_node(fresh)
            scheduler.add_node_collection(fresh, TESTS)
            scheduler.schedule()
        else:
            index = worker.queue.pop(0)
            done.append(test)
            scheduler.mark_test_complete(worker, index)

    assert sorted(done + crashed) == sorted(TESTS)
    assert set(crashed) == deaths


@given(count=st.integers(1, 5))
def test_a_worker_takes_whole_pairs_and_keeps_to_a_model(count):
    """The first tests that each worker is sent are of one model."""
    _, workers = start(count)

    for worker in workers[: len(MODELS)]:
        cells = [CELLS.get(TESTS[i]) for i in worker.queue]
        models = {cell and cell.model for cell in cells}
        assert len(models - {None}) == 1
        assert len(worker.queue) % 3 == 0


def test_workers_that_collect_nothing_and_leave_end_the_session():
    """As for a path that does not exist: each may be gone before the next is there."""
    scheduler = PairScheduling(2, {})
    for worker in (Worker(), Worker()):
        assert not scheduler.tests_finished
        scheduler.add_node(worker)
        scheduler.add_node_collection(worker, [])
        if scheduler.collection_is_completed:
            scheduler.schedule()
        assert scheduler.remove_node(worker) is None

    assert scheduler.tests_finished


def test_a_worker_that_collected_something_else_gets_no_work():
    """One that joins later and differs is left idle, never sent a wrong index."""
    scheduler, _ = start(1)
    odd = Worker()
    scheduler.add_node(odd)
    scheduler.add_node_collection(odd, TESTS[1:])
    scheduler.schedule()

    assert odd.queue == []
