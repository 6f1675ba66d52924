"""Distribution: an xdist scheduler that keeps a (model, dataset) pair on one worker.

xdist's own grouping repeats the test that killed a worker until restarts run out, loses
the rest of its group (pytest-xdist issue 1371), and takes quadratic time in the number
of tests. This one is written against the scheduler protocol alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from harness.measurement import Place
from harness.plan import Plan, PlannedCell

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

# A worker starts a test only when it knows the next one, or that there is none.
_AHEAD = 2
_CHANNEL = "harness_plan"  # in a worker's input


class Told:
    """What each worker collected, which xdist's own message has no room for.

    It comes over a channel of its own and the same line, so it is here before xdist
    says that the worker has collected.
    """

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def listen(self, node: WorkerController) -> None:
        """Let a worker that is about to start have its end of a channel."""
        channel = node.gateway.newchannel()
        channel.setcallback(partial(self._texts.__setitem__, node.gateway.id))
        node.workerinput[_CHANNEL] = channel

    def has(self, node: WorkerController) -> bool:
        """Whether a worker said anything, and it was not taken yet."""
        return node.gateway.id in self._texts

    def take(self, node: WorkerController) -> Plan:
        """What a worker said, once.

        Raises
        ------
        pytest.UsageError
            If it said nothing, as another version would.
        """
        text = self._texts.pop(node.gateway.id, None)
        if text is None:
            raise pytest.UsageError(
                f"worker {node.gateway.id} must say what it collected, and did not; "
                "install the same version of harness there"
            )
        return Plan.from_json(text)


def tell(config: pytest.Config, plan: Plan) -> None:
    """Say in a worker what it collected."""
    workerinput: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
    if _CHANNEL in workerinput:
        workerinput[_CHANNEL].send(plan.to_json())


class PairScheduling:
    """Hands out units, the tests of one (model, dataset) pair, model by model.

    Parameters
    ----------
    workers
        How many are started.
    cells
        By node id, when the first worker has collected. Other tests are units of one.
    """

    def __init__(self, workers: int, cells: Mapping[str, PlannedCell]) -> None:
        self._workers = workers
        self._cells = cells
        self._index: dict[str, int] = {}
        self._names: tuple[str, ...] = ()
        # Units wait by model; the tests a worker was sent wait in the order sent.
        self._waiting: dict[str, deque[list[str]]] = {}
        self._sent: dict[WorkerController, deque[str]] = {}
        self._ready: set[WorkerController] = set()
        self._collected = 0  # workers that did, those too that have left since
        self._turn: dict[WorkerController, str] = {}
        self._scheduled = False

    # --- what xdist asks --------------------------------------------------------------

    @property
    def nodes(self) -> list[WorkerController]:
        """Workers alive."""
        return list(self._sent)

    @property
    def collection_is_completed(self) -> bool:
        """Whether every worker of the start has collected."""
        return self._scheduled or self._collected >= self._workers

    @property
    def tests_finished(self) -> bool:
        """Whether all that is left are last tests, which wait for a shutdown."""
        return (
            self.collection_is_completed
            and not self._waiting
            and all(len(sent) < _AHEAD for sent in self._sent.values())
        )

    @property
    def has_pending(self) -> bool:
        """Whether any test waits or runs."""
        return bool(self._waiting) or any(self._sent.values())

    def add_node(self, node: WorkerController) -> None:
        """Take in a new worker, at the start or in place of a dead one."""
        self._sent[node] = deque()

    def add_node_collection(
        self, node: WorkerController, collection: Sequence[str]
    ) -> None:
        """Take in what a worker collected; one that differs gets no work.

        Raises
        ------
        pytest.UsageError
            If the first workers collected different tests.
        """
        self._collected += 1
        names = tuple(collection)
        if not self._names:
            self._names = names
            self._index = {nodeid: i for i, nodeid in enumerate(names)}
        if names == self._names:
            self._ready.add(node)
        elif not self._scheduled:
            odd = sorted(set(names) ^ set(self._names))
            raise pytest.UsageError(
                f"workers collected different tests, for instance "
                f"{odd[0] if odd else 'in another order'}; "
                "parametrize from sorted lists"
            )

    def schedule(self) -> None:
        """Start, or put a worker that joined later to work."""
        if not self._scheduled:
            self._scheduled = True
            units: dict[str | Place, list[str]] = {}
            for nodeid in self._names:
                cell = self._cells.get(nodeid)
                units.setdefault(cell.place if cell else nodeid, []).append(nodeid)
            for unit in units.values():
                self._wait(self._model_of(unit[0]), unit)
        for node in self.nodes:
            self._feed(node)

    def mark_test_complete(
        self, node: WorkerController, item_index: int, duration: float = 0
    ) -> None:
        """Note a finished test and keep its worker busy."""
        self._sent[node].remove(self._names[item_index])
        self._feed(node)

    def mark_test_pending(self, item: str) -> None:
        """Put a test back in the queue."""
        self._wait(self._model_of(item), [item], first=True)
        for node in self.nodes:
            self._feed(node)

    def remove_pending_tests_from_node(
        self, node: WorkerController, indices: Sequence[int]
    ) -> None:
        """Part of the protocol; only work stealing asks it."""
        raise NotImplementedError

    def remove_node(self, node: WorkerController) -> str | None:
        """Let go of a worker; name the test that killed it, requeue its others.

        The test that killed it is reported as failed and not tried again.
        """
        sent = self._sent.pop(node)
        model = self._turn.pop(node, "")
        self._ready.discard(node)
        if not sent:
            return None
        crashed = sent.popleft()
        if sent:
            self._wait(model, list(sent), first=True)
            for other in self.nodes:
                self._feed(other)
        return crashed

    # --- who gets what ----------------------------------------------------------------

    def _model_of(self, nodeid: str) -> str:
        return self._cells[nodeid].model if nodeid in self._cells else ""

    def _wait(self, model: str, unit: list[str], *, first: bool = False) -> None:
        queue = self._waiting.setdefault(model, deque())
        (queue.appendleft if first else queue.append)(unit)

    def _feed(self, node: WorkerController) -> None:
        if node.shutting_down or node not in self._ready:
            return
        sent = self._sent[node]
        while self._waiting and len(sent) <= _AHEAD:
            model = self._choose(node)
            unit = self._waiting[model].popleft()
            if not self._waiting[model]:
                del self._waiting[model]
            self._turn[node] = model
            sent.extend(unit)
            node.send_runtest_some([self._index[nodeid] for nodeid in unit])
        if not self._waiting:
            node.shutdown()  # lets a lone last test run (pytest-xdist issue 1327)

    def _choose(self, node: WorkerController) -> str:
        """The worker's own model; else one nobody has; else the one with most left."""
        own = self._turn.get(node)
        if own in self._waiting:
            return own
        taken = set(self._turn.values())
        free = [model for model in self._waiting if model not in taken]
        if free:
            return free[0]
        return max(self._waiting, key=lambda model: len(self._waiting[model]))
