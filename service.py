"""The BentoML services: the runner that holds the model, and the classifier that people call.

bentoml serve service.py:svc --reload
"""

import logging
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import bentoml
import numpy as np
from bentoml.exceptions import ServiceUnavailable
from bentoml.validators import ContentType, DType, Shape

from credit_risk import __version__
from credit_risk.decision.scorer import Scorer
from credit_risk.decision_log import settings
from credit_risk.decision_log.recorder import ABOUT_DECISION_ID, DECISION_ID, Recorder
from credit_risk.form.application import Application, ArrayAssessment, Assessment, AssessmentBatch
from credit_risk.form.samples import sample_applications
from credit_risk.form.vocabulary import COLUMNS
from credit_risk.model.encoding import EncodedApplications, Rows
from credit_risk.registry import store
from credit_risk.registry.model_card import ModelCard
from credit_risk.registry.stored_model import load_checked
from lean_bento.auth.middleware import refuse_wrong_keys, say_who_may_ask
from lean_bento.batching import MicroBatcher
from lean_bento.bentoml_internals import RemoteProxy, server_context
from lean_bento.codecs.npy import NPY
from lean_bento.config import read_batching, read_limits, read_section, use_configuration
from lean_bento.fast_path.app import LeanService
from lean_bento.http_server.garbage import collect_garbage_rarely
from lean_bento.middleware.body_limits import RowLimit
from lean_bento.middleware.query_flags import Flag
from lean_bento.remote import remote_call
from lean_bento.rows import ApplicationBatch, explain
from lean_bento.service import HostedService

logger = logging.getLogger("bentoml.service")
KNOWN = sample_applications(20)
CLASSIFIER = "credit_risk_classifier"
RUNNER = "CreditRiskRunner"
LABELS = {"version": __version__}

ABOUT_REASONS = "Whether what is not approved comes with its reasons."
REASONS = Flag("reasons", ABOUT_REASONS, default=True)
REASONS_OF_ARRAY = Flag("reasons", ABOUT_REASONS, default=False)

# Set here and not in the shell, so that a bare `bentoml serve` and the bento have them too.
use_configuration(Path(__file__).with_name("bentoconfiguration.yaml"))
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
batching = read_batching(RUNNER, known_services=(CLASSIFIER, RUNNER))
MANY = ("classify_batch", "classify_array")
limits = read_limits(CLASSIFIER, body=("classify", *MANY), rows=MANY)
VALUES_OF_A_ROW = 1 + len(COLUMNS)  # with the row itself; an application has fewer
ApplicationBatch.limit = RowLimit(limits.rows["classify_batch"], VALUES_OF_A_ROW)
EncodedApplications.limit = RowLimit(limits.rows["classify_array"], VALUES_OF_A_ROW)
decision_log = settings.read_settings(read_section(CLASSIFIER, "decision_log"))
credit_risk_model = store.CreditRiskModel(store.model_tag())

RunnerRows = Annotated[np.ndarray, Shape((-1, len(COLUMNS))), DType("float32"), ContentType(NPY)]
RunnerAnswer = Annotated[np.ndarray, ContentType(NPY)]


@bentoml.on_deployment
def look_after_the_workers() -> None:
    """Replace a worker that dies; in the first process, before there are workers."""
    from lean_bento.http_server.supervisor import supervise  # noqa: PLC0415  workers need it not

    supervise()


@bentoml.service(name=RUNNER, service_class=HostedService, labels=LABELS)
class CreditRiskRunner:
    """Holds the model."""

    model = credit_risk_model
    look_after_the_workers = look_after_the_workers
    refuse_wrong_keys = bentoml.on_deployment(refuse_wrong_keys)

    def __init__(self) -> None:
        self._risk_model = load_checked(self.model).risk_model

    @bentoml.api(
        batchable=True,
        max_batch_size=batching.max_batch_size,
        max_latency_ms=batching.max_latency_ms,
    )
    def predict(self, rows: RunnerRows, /) -> RunnerAnswer:
        """Probability of default of each of (n, 29) rows."""
        return self._risk_model.predict(rows)

    @bentoml.api(
        batchable=True,
        max_batch_size=batching.max_batch_size,
        max_latency_ms=batching.max_latency_ms,
    )
    def explain(self, rows: RunnerRows, /) -> RunnerAnswer:
        """What each input adds to the log-odds of default of each of (n, 29) rows."""
        return self._risk_model.explain(rows)


@bentoml.service(name=CLASSIFIER, service_class=LeanService, labels=LABELS)
class CreditRiskClassifier:
    """Decides on loan applications: APPROVED, MAYBE (a person decides) or DECLINED."""

    runner = bentoml.depends(CreditRiskRunner)
    model = credit_risk_model
    look_after_the_workers = look_after_the_workers

    @bentoml.on_deployment
    def refuse_a_wrong_model() -> None:
        """Check the model before the workers start; from a bento BentoML only finds it."""
        credit_risk_model.resolve()

    announce = bentoml.on_deployment(say_who_may_ask)

    @bentoml.on_deployment
    def refuse_a_folder_that_cannot_be_written() -> None:
        """Check the decision log's place before the workers start."""
        if decision_log:
            decision_log.prepare()

    def __init__(self) -> None:
        stored = load_checked(self.model)
        self.card = stored.card
        self.report = stored.report
        self._scorer = scorer = Scorer(
            encoder=stored.encoder,
            predict=self._model_call("predict"),
            explain=self._model_call("explain"),
            policy=stored.policy,
            reasons=stored.reasons,
            model=stored.card.model,
        )
        recorder: Recorder | None = None
        if decision_log:
            worker = server_context.worker_index or 1
            recorder = Recorder.of(scorer, stored, decision_log, worker=worker)
        self._recorder = recorder
        decides = recorder or scorer
        self._assess_rows = decides.assess_rows
        batcher = partial(
            MicroBatcher[Any, Any],
            max_batch_size=batching.max_batch_size,
            shared_errors=(ServiceUnavailable,),
        )
        self._batcher = batcher(decides.assess)
        self._without_reasons = batcher(partial(decides.assess, reasons=False))
        collect_garbage_rarely()

    async def __is_ready__(self) -> bool:
        """Whether a known application is decided on, reasons included; asked by `/readyz`.

        And whether decisions can be logged, if they are to be; this one is not. The first time
        warms what a request goes through, before any is let in.
        """
        try:
            await self._scorer.assess(KNOWN)
        except Exception:
            logger.exception("Not ready: a known application cannot be decided on")
            return False
        return self._recorder is None or await self._recorder.can_log()

    @bentoml.on_shutdown
    async def answer_what_was_accepted(self) -> None:
        """Wait for the calls under way before the worker ends."""
        await self._batcher.drain()
        await self._without_reasons.drain()
        if self._recorder:
            await self._recorder.close()

    def _model_call(self, name: str) -> Callable[[Rows], Awaitable[Any]]:
        """A method of the runner, in this worker or in a service of its own."""
        if isinstance(self.runner, RemoteProxy):
            return remote_call(self.runner, name)
        call_here = getattr(self.runner, name)

        async def call(rows: Rows) -> Any:  # noqa: ANN401  BentoML's untyped methods
            return call_here(rows)

        return call

    @bentoml.api
    async def classify(self, application: Application, /) -> Assessment:
        """Decide on one application."""
        asked = self._recorder.accept(application) if self._recorder else application
        (assessment,) = await self._batcher.submit([asked])
        return Assessment.model_validate(assessment)

    @bentoml.api
    @REASONS.of
    async def classify_batch(self, applications: ApplicationBatch, /) -> AssessmentBatch:
        """Decide on many applications.

        The answer has the same length and order; a bad application gets its error in its place.
        """
        batcher = self._batcher if REASONS.read() else self._without_reasons
        rows = applications.root
        ApplicationBatch.limit.check(rows=len(rows))
        asked: list[Any]
        if self._recorder:
            asked = self._recorder.accept_rows(rows)
        else:
            asked = [row for row in rows if isinstance(row, Application)]
        assessments = iter(await batcher.submit(asked))
        refusals = explain(row for row in rows if not isinstance(row, Application))
        return AssessmentBatch.of(
            [next(assessments if isinstance(row, Application) else refusals) for row in rows]
        )

    @bentoml.api
    @REASONS_OF_ARRAY.of
    async def classify_array(self, applications: EncodedApplications, /) -> ArrayAssessment:
        """Decide on encoded applications.

        (n, 29) float32, the columns of `GET /model` in order: a JSON list of lists with null for
        a missing number, or a `.npy` file.
        """
        EncodedApplications.limit.check(rows=len(applications.root))
        return await self._assess_rows(applications.root, reasons=REASONS_OF_ARRAY.read())


svc = cast("HostedService", CreditRiskClassifier)
svc.limit(limits)
cast("HostedService", CreditRiskRunner).limit(read_limits(RUNNER, body=("predict", "explain")))
if decision_log:
    svc.headers[DECISION_ID] = ABOUT_DECISION_ID
svc.answer_get("/model", ModelCard, lambda classifier: classifier.card)
svc.answer_page("/model/report", lambda classifier: classifier.report, "The model has no report.")
